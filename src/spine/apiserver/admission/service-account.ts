/**
 * ServiceAccount (plugin/pkg/admission/serviceaccount, v1.34): a pod without a service account gets
 * `default`; the account must exist; unless automounting is off, every container gets the projected
 * volume `kube-api-access-xxxxx` with a bound token, the cluster's root certificates and the namespace.
 */
import { freezeDeep, withFields } from '../../../ground/api/edit.ts';
import { annotationOf } from '../../../ground/api/meta.ts';
import type { Container, Pod, PodSpec, ServiceAccount, Volume } from '../../../ground/api/types.ts';
import { ok } from '../../../ground/base/result.ts';
import type { AdmissionPlugin } from '../generic/context.ts';
import { forbidden, forbiddenObject } from '../generic/status.ts';
import type { ResourceCache } from '../generic/watch-cache.ts';

export const MIRROR = 'kubernetes.io/config.mirror';
const MOUNT_PATH = '/var/run/secrets/kubernetes.io/serviceaccount';
const PREFIX = 'kube-api-access-';
const TOKEN_SECONDS = 3607;
const PODS = { group: '', resource: 'pods' };

export function serviceAccountAdmission(accounts: ResourceCache): AdmissionPlugin {
  return {
    name: 'ServiceAccount',
    admit(context, operation, object) {
      const { info, process } = context;
      if (operation !== 'CREATE' || info.resource !== 'pods' || info.subresource !== '')
        return ok(object);
      const pod = object as Pod;
      // A mirror of a static pod brings no identity.
      if (annotationOf(pod, MIRROR) !== undefined || pod.spec === undefined) {
        if ((pod.spec?.serviceAccountName ?? '') === '') return ok(object);
        return forbidden(
          PODS,
          pod.metadata.name,
          'a mirror pod may not reference service accounts',
        );
      }
      const wanted = pod.spec.serviceAccountName ?? '';
      const name = wanted === '' ? 'default' : wanted;
      const namespace = pod.metadata.namespace ?? '';
      const account = accounts.get(namespace, name)?.object as ServiceAccount | undefined;
      if (account === undefined) {
        const why = `error looking up service account ${namespace}/${name}: serviceaccount "${name}" not found`;
        return forbiddenObject(PODS, pod, why);
      }
      let spec = withFields(pod.spec, { serviceAccountName: name, serviceAccount: name });
      if (automounts(account, spec)) spec = withToken(spec, () => process.random.suffix(5));
      if ((spec.imagePullSecrets?.length ?? 0) === 0 && account.imagePullSecrets !== undefined) {
        spec = withFields(spec, { imagePullSecrets: account.imagePullSecrets });
      }
      return ok(withFields(pod, { spec }));
    },
  };
}

function automounts(account: ServiceAccount, spec: PodSpec): boolean {
  return spec.automountServiceAccountToken ?? account.automountServiceAccountToken ?? true;
}

function withToken(spec: PodSpec, suffix: () => string): PodSpec {
  const known = spec.volumes?.find((volume) => volume.name.startsWith(PREFIX));
  const volumeName = known?.name ?? PREFIX + suffix();
  let used = false;
  const mounted = (
    containers: readonly Container[] | undefined,
  ): readonly Container[] | undefined =>
    containers?.map((container) => {
      const mounts = container.volumeMounts ?? [];
      if (mounts.some((mount) => mount.mountPath === MOUNT_PATH)) return container;
      used = true;
      const mount = Object.freeze({ name: volumeName, readOnly: true, mountPath: MOUNT_PATH });
      return withFields(container, { volumeMounts: Object.freeze([...mounts, mount]) });
    });
  const containers = Object.freeze(mounted(spec.containers) ?? []);
  const initContainers = mounted(spec.initContainers);
  if (!used) return spec;
  const volumes =
    known === undefined
      ? Object.freeze([...(spec.volumes ?? []), tokenVolume(volumeName)])
      : spec.volumes;
  const changed = withFields(spec, { volumes, containers });
  return initContainers === undefined
    ? changed
    : withFields(changed, { initContainers: Object.freeze(initContainers) });
}

function tokenVolume(name: string): Volume {
  return freezeDeep({
    name,
    projected: {
      sources: [
        { serviceAccountToken: { expirationSeconds: TOKEN_SECONDS, path: 'token' } },
        { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
        {
          downwardAPI: {
            items: [
              {
                path: 'namespace',
                fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' },
              },
            ],
          },
        },
      ],
      defaultMode: 420,
    },
  });
}
