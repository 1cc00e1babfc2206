/** `--append-hash`: the name ends with a hash of what is in it (k8s.io/kubectl/pkg/util/hash/hash.go, v0.34). */
import { hexOf } from '../../../../ground/base/bytes.ts';
import { formatJson } from '../../../../ground/lang/json.ts';
import { sha256 } from '../../../../ground/pki/digest.ts';

interface Hashed {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly type?: string;
  readonly data?: object;
  readonly binaryData?: object;
}

/** Digits and vowels that could make words are other letters. */
const LETTERS: ReadonlyMap<string, string> = new Map([
  ['0', 'g'],
  ['1', 'h'],
  ['3', 'k'],
  ['a', 'm'],
  ['e', 't'],
]);
const LENGTH = 10;

/** The ConfigMap or Secret under a name of its content. */
export function namedByContent(object: object): object {
  const { kind, metadata, type = '', data, binaryData } = object as Hashed;
  const content = {
    kind,
    name: metadata.name,
    data: data ?? (kind === 'ConfigMap' ? '' : null),
    ...(kind === 'Secret' ? { type } : {}),
    ...(binaryData === undefined ? {} : { binaryData }),
  };
  const hex = hexOf(sha256(formatJson(content, { sortKeys: true }))).slice(0, LENGTH);
  const hash = [...hex].map((letter) => LETTERS.get(letter) ?? letter).join('');
  return { ...object, metadata: { ...metadata, name: `${metadata.name}-${hash}` } };
}
