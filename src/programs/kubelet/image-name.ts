/**
 * What is wrong with the name of an image, before anybody is asked for it
 * (github.com/distribution/reference v0.6 ParseNormalizedNamed, as pkg/util/parsers uses it).
 */

const DOMAIN =
  /^[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*(?::\d+)?$/;
const COMPONENT = /^[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*$/;
const TAG = /^\w[\w.-]{0,127}$/;
const DIGEST = /^[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}$/;
const FORMAT = 'invalid reference format';

/** The fault in the words of the reference library; undefined when there is none. */
export function imageNameFault(text: string): string | undefined {
  if (/^[0-9a-f]{64}$/.test(text))
    return `invalid repository name (${text}), cannot specify 64-byte hexadecimal strings`;
  const slash = text.indexOf('/');
  const head = slash < 0 ? '' : text.slice(0, slash);
  const named = /[.:]/.test(head) || head === 'localhost' || head.toLowerCase() !== head;
  const rest = named ? text.slice(slash + 1) : text;
  const path = named || rest.includes('/') ? rest : `library/${rest}`;
  const at = path.indexOf('@');
  const tagged = at < 0 ? path : path.slice(0, at);
  const colon = tagged.indexOf(':');
  const name = colon < 0 ? tagged : tagged.slice(0, colon);
  if (name.toLowerCase() !== name) return `${FORMAT}: repository name (${name}) must be lowercase`;
  if (named && !DOMAIN.test(head)) return FORMAT;
  if (!name.split('/').every((part) => COMPONENT.test(part))) return FORMAT;
  if (colon >= 0 && !TAG.test(tagged.slice(colon + 1))) return FORMAT;
  if (at >= 0 && !DIGEST.test(path.slice(at + 1))) return FORMAT;
  return undefined;
}
