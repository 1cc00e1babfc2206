/** The Deployment of `kubectl create deployment` (create_deployment.go, v0.34). */
import { ok } from '../../../../ground/base/result.ts';
import type { Task } from '../../../../ground/base/task.ts';
import { fail, type Outcome } from '../failure.ts';
import type { Session } from '../session.ts';

export function* generatedDeployment(session: Session, name: string): Task<Outcome<object>> {
  const { flags, args, dash } = session;
  const images = flags.list('image');
  const command = dash >= 0 ? args.slice(dash) : [];
  if (images.length > 1 && command.length > 0) {
    return fail('cannot specify multiple --image options and command');
  }
  const port = flags.int('port');
  const labels = { app: name };
  const containers = images.map((image) => ({
    image,
    name: containerName(image),
    ...(command.length > 0 ? { command } : {}),
    ...(port > 0 ? { ports: [{ containerPort: port }] } : {}),
    resources: {},
  }));
  return ok({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, labels },
    spec: {
      replicas: flags.int('replicas'),
      selector: { matchLabels: labels },
      strategy: {},
      template: { metadata: { labels }, spec: { containers } },
    },
    status: {},
  });
}

/** `docker.io/library/nginx:1.27@sha256:…` → `nginx`. */
function containerName(image: string): string {
  const last = image.slice(image.lastIndexOf('/') + 1);
  return last
    .replace(/[:@].*$/, '')
    .toLowerCase()
    .replace(/[^a-z0-9-]/g, '-');
}
