/** What kubectl's completion sees of a lab: the newest objects of the store's history and the learner's kubeconfig. */
import type { KubeObject } from '../../ground/api/object.ts';
import type { ResourceDescriptor } from '../../ground/api/descriptor.ts';
import { RESOURCES } from '../../ground/api/resources.ts';
import type { Pod } from '../../ground/api/types.ts';
import { parseYaml } from '../../ground/lang/yaml/index.ts';
import { isValueMap } from '../../ground/lang/value.ts';
import type { KubectlView } from '../../programs/cli/kubectl/completion.ts';
import type { Lab } from '../lab.ts';
import { LEARNER } from '../terminals.ts';
import { isObject } from '../views/keys.ts';

export function kubectlViewOf(lab: Lab): KubectlView {
  const config = kubeconfigOf(lab);
  const objects = (type: string, namespace: string): readonly KubeObject[] => {
    const resource = resourceOf(type);
    if (resource === undefined) return [];
    const where = resource.namespaced ? `${namespace === '' ? config.namespace : namespace}/` : '';
    const prefix = `/registry/${resource.storagePrefix}/${where}`;
    return lab.recorder.history
      .list(prefix, lab.loop.now)
      .map((entry) => entry.moment.value)
      .filter(isObject);
  };
  return {
    types: () => RESOURCES.filter((each) => each.virtual !== true).flatMap(namesOf),
    names: (type, namespace) =>
      objects(type, namespace).map((object) => object.metadata.name ?? ''),
    containers: (pod, namespace) => {
      const found = objects('pods', namespace).find((object) => object.metadata.name === pod) as
        | Pod
        | undefined;
      const spec = found?.spec;
      return [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])].map(
        (each) => each.name,
      );
    },
    contexts: () => config.contexts,
  };
}

function namesOf(resource: ResourceDescriptor): readonly string[] {
  return [resource.resource, resource.singular, ...resource.shortNames];
}

function resourceOf(type: string): ResourceDescriptor | undefined {
  const name = type.replace(/\..*$/, '').toLowerCase();
  return RESOURCES.find((each) => each.virtual !== true && namesOf(each).includes(name));
}

function kubeconfigOf(lab: Lab): {
  readonly namespace: string;
  readonly contexts: readonly string[];
} {
  const text = lab.cluster.workstation.files.readText(`${LEARNER.home}/.kube/config`);
  const root = text.ok ? parseYaml(text.value).documents[0]?.value : undefined;
  if (root === undefined || !isValueMap(root) || !Array.isArray(root['contexts'])) {
    return { namespace: 'default', contexts: [] };
  }
  const contexts = root['contexts'] as readonly {
    readonly name?: string;
    readonly context?: { readonly namespace?: string };
  }[];
  const current = contexts.find((each) => each.name === root['current-context']);
  return {
    namespace: current?.context?.namespace ?? 'default',
    contexts: contexts.map((each) => each.name ?? ''),
  };
}
