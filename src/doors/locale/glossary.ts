/**
 * The glossary: how a term of Kubernetes is said in Chinese here, and what must not stand in its place.
 * A test holds every text of the Chinese table to it.
 */

interface Term {
  readonly en: string;
  readonly zh: string;
  /** Words for the same thing that other texts use. */
  readonly not: readonly string[];
}

export const GLOSSARY: readonly Term[] = [
  { en: 'node', zh: '节点', not: ['结点'] },
  { en: 'cluster', zh: '集群', not: ['群集'] },
  { en: 'namespace', zh: '名字空间', not: ['命名空间', '名称空间'] },
  { en: 'label', zh: '标签', not: [] },
  { en: 'selector', zh: '选择算符', not: ['选择器', '选择符'] },
  { en: 'annotation', zh: '注解', not: ['注释'] },
  { en: 'taint', zh: '污点', not: [] },
  { en: 'toleration', zh: '容忍度', not: ['容忍性'] },
  { en: 'affinity', zh: '亲和性', not: ['亲和力'] },
  { en: 'control plane', zh: '控制平面', not: ['控制面板', '控制层面'] },
  { en: 'scheduler', zh: '调度器', not: ['调度程序'] },
  { en: 'controller', zh: '控制器', not: [] },
  { en: 'eviction', zh: '驱逐', not: ['逐出'] },
  { en: 'preemption', zh: '抢占', not: [] },
  { en: 'replica', zh: '副本', not: ['复本'] },
  { en: 'container', zh: '容器', not: [] },
  { en: 'image', zh: '镜像', not: ['映像'] },
  { en: 'probe', zh: '探针', not: ['探测器'] },
  { en: 'rolling update', zh: '滚动更新', not: ['滚动升级'] },
  { en: 'rollback', zh: '回滚', not: ['回退'] },
  { en: 'sidecar', zh: '边车', not: [] },
  { en: 'timeout', zh: '超时', not: [] },
  { en: 'retry', zh: '重试', not: [] },
  { en: 'lease', zh: '租约', not: ['租赁'] },
  { en: 'quorum', zh: '法定人数', not: ['仲裁'] },
  { en: 'admission', zh: '准入', not: [] },
];
