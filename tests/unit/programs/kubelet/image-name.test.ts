/** Names of images that no registry is asked for. */
import { expect, it } from 'vitest';
import { imageNameFault } from '../../../../src/programs/kubelet/image-name.ts';

const FORMAT = 'invalid reference format';
const DIGEST = `sha256:${'0'.repeat(64)}`;

it.each([
  ['nginx', undefined],
  ['nginx:1.28', undefined],
  ['xiaorui/backend:v2', undefined],
  ['localhost/a', undefined],
  ['registry.example.com:5000/a/b-c__d.e:T_1', undefined],
  [`nginx@${DIGEST}`, undefined],
  [`nginx:1@${DIGEST}`, undefined],
  ['Nginx:1', `${FORMAT}: repository name (library/Nginx) must be lowercase`],
  ['xiaorui/Backend', `${FORMAT}: repository name (xiaorui/Backend) must be lowercase`],
  ['MyRegistry/backend', undefined],
  ['nginx:::', FORMAT],
  ['nginx:', FORMAT],
  ['nginx:-a', FORMAT],
  ['nginx@sha256:12', FORMAT],
  ['a//b', FORMAT],
  ['a/-b', FORMAT],
  ['', FORMAT],
  ['http://nginx', FORMAT],
  [
    '0'.repeat(64),
    `invalid repository name (${'0'.repeat(64)}), cannot specify 64-byte hexadecimal strings`,
  ],
] as const)('%s: %s', (name, fault) => {
  expect(imageNameFault(name)).toBe(fault);
});
