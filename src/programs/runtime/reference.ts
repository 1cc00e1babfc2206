/**
 * Image references, normalised as Docker and containerd do (github.com/distribution/reference v0.6):
 * `nginx` is `docker.io/library/nginx:latest`.
 */

export interface ImageReference {
  /** `docker.io` */
  readonly domain: string;
  /** `library/nginx` */
  readonly path: string;
  /** `latest`; empty when only a digest is given. */
  readonly tag: string;
  /** `sha256:…` or empty. */
  readonly digest: string;
}

const PATH = /^[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(\/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*$/;
const TAG = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/;
const DIGEST = /^sha256:[0-9a-f]{64}$/;

/** Reads a reference; undefined when it is malformed ("invalid reference format"). */
export function parseReference(text: string): ImageReference | undefined {
  const at = text.indexOf('@');
  const digest = at < 0 ? '' : text.slice(at + 1);
  let name = at < 0 ? text : text.slice(0, at);
  const slash = name.lastIndexOf('/');
  const colon = name.indexOf(':', slash + 1);
  let tag = '';
  if (colon >= 0) {
    tag = name.slice(colon + 1);
    name = name.slice(0, colon);
    if (!TAG.test(tag)) return undefined;
  }
  if (digest !== '' && !DIGEST.test(digest)) return undefined;
  const first = name.indexOf('/');
  const head = first < 0 ? '' : name.slice(0, first);
  const hasDomain = /[.:]/.test(head) || head === 'localhost';
  const domain = hasDomain ? head.replace(/^index\.docker\.io$/, 'docker.io') : 'docker.io';
  let path = hasDomain ? name.slice(first + 1) : name;
  if (!PATH.test(path)) return undefined;
  if (domain === 'docker.io' && !path.includes('/')) path = `library/${path}`;
  return { domain, path, tag: tag === '' && digest === '' ? 'latest' : tag, digest };
}

/** `docker.io/library/nginx` */
export function repositoryOf(reference: ImageReference): string {
  return `${reference.domain}/${reference.path}`;
}

/** `docker.io/library/nginx:latest`, with the digest when that is all there is. */
export function formatReference(reference: ImageReference): string {
  const tag = reference.tag === '' ? '' : `:${reference.tag}`;
  const digest = reference.digest === '' ? '' : `@${reference.digest}`;
  return `${repositoryOf(reference)}${tag}${digest}`;
}

/** The host that serves a domain: Docker Hub's registry has a name of its own. */
export function registryHost(reference: ImageReference): string {
  return reference.domain === 'docker.io' ? 'registry-1.docker.io' : reference.domain;
}
