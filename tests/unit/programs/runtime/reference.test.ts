/** Image references in containerd's normal form. */
import { expect, it } from 'vitest';
import {
  formatReference,
  parseReference,
  registryHost,
} from '../../../../src/programs/runtime/reference.ts';

it.each([
  ['nginx', 'docker.io/library/nginx:latest', 'registry-1.docker.io'],
  ['nginx:1.25', 'docker.io/library/nginx:1.25', 'registry-1.docker.io'],
  ['sttts/busybox-curl', 'docker.io/sttts/busybox-curl:latest', 'registry-1.docker.io'],
  ['registry.k8s.io/pause:3.10.1', 'registry.k8s.io/pause:3.10.1', 'registry.k8s.io'],
  ['localhost:5000/a/b:c', 'localhost:5000/a/b:c', 'localhost:5000'],
])('%s', (text, full, host) => {
  const reference = parseReference(text);
  expect(reference && formatReference(reference)).toBe(full);
  expect(reference && registryHost(reference)).toBe(host);
});

it.each(['', 'NGINX', 'nginx:', 'a//b', 'nginx@sha256:12'])('refuses %j', (text) => {
  expect(parseReference(text)).toBeUndefined();
});
