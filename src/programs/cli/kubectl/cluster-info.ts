/** `kubectl cluster-info` (k8s.io/kubectl/pkg/cmd/clusterinfo, v0.34). */
import type { Service } from '../../../ground/api/types.ts';
import { labelOf } from '../../../ground/api/meta.ts';
import { ok } from '../../../ground/base/result.ts';
import { fail, failApi } from './failure.ts';
import { flagSpecs } from './flags.ts';
import { kindMapping } from './kinds.ts';
import type { Session, Verb } from './session.ts';

const GREEN = 32;
const YELLOW = 33;

export const clusterInfo: Verb = {
  name: 'cluster-info',
  usage: '[flags] [options]',
  short: 'Display cluster information',
  flags: flagSpecs(
    "A all-namespaces=false namespaces=[] o output='' output-directory='' pod-running-timeout=20s",
  ),
  *run(session) {
    if (session.args[0] === 'dump')
      return fail(
        'cluster-info dump is not supported by this simulator: ask for what you want with kubectl get -o yaml and kubectl logs',
      );
    const api = session.api();
    if (!api.ok) return api;
    const services = yield* api.value.items(kindMapping('Service'), 'kube-system', {
      labelSelector: 'kubernetes.io/cluster-service=true',
    });
    if (!services.ok) return failApi(services.error);
    const { server } = api.value;
    yield* session.print(lineOf(session, 'Kubernetes control plane', server));
    for (const object of services.value) {
      const service = object as unknown as Service;
      const title = labelOf(service, 'kubernetes.io/name') ?? service.metadata.name ?? '';
      yield* session.print(lineOf(session, title, server + pathOf(service)));
    }
    yield* session.print(
      "\nTo further debug and diagnose cluster problems, use 'kubectl cluster-info dump'.\n",
    );
    return ok(0);
  },
};

/** By way of the API server: `https:name:port` where the port looks like TLS. */
function pathOf(service: Service): string {
  const { name = '', namespace = '' } = service.metadata;
  const port = service.spec?.ports?.[0];
  const secure = port !== undefined && (port.name === 'https' || port.port === 443);
  const named =
    port === undefined || (!secure && (port.name ?? '') === '')
      ? name
      : `${secure ? 'https:' : ''}${name}:${port.name ?? ''}`;
  return `/api/v1/namespaces/${namespace}/services/${named}/proxy`;
}

function lineOf(session: Session, title: string, link: string): string {
  return `${painted(session, GREEN, title)} is running at ${painted(session, YELLOW, link)}\n`;
}

/** go-colortext paints for every terminal but a dumb one, pipes included. */
function painted(session: Session, color: number, text: string): string {
  const terminal = session.process.env.get('TERM') ?? '';
  return terminal === '' || terminal === 'dumb' ? text : `\x1b[0;${color}m${text}\x1b[0m`;
}
