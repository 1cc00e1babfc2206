/**
 * A file of YAML that many hosts hold as it was laid down: its text is read once for all of them. A file
 * that somebody has written holds bytes, and is read as such.
 */
import { utf8, textOf } from '../../ground/base/bytes.ts';
import { ok, type Result } from '../../ground/base/result.ts';
import { parseYaml, type YamlStream } from '../../ground/lang/yaml/index.ts';
import type { Document } from '../../machines/machine/files-types.ts';
import type { Process } from '../../machines/machine/process.ts';
import type { Errno } from '../../machines/network/errno.ts';

const YAML = 'yaml';

export function yamlFile(text: string): Document {
  let read: YamlStream | undefined;
  return {
    kind: YAML,
    value: (): YamlStream => {
      read ??= parseYaml(text);
      return read;
    },
    render: () => utf8(text),
  };
}

/** The documents of a file, and the error in its text. */
export function readYaml(process: Process, path: string): Result<YamlStream, Errno> {
  const content = process.files.readContent(path);
  if (!content.ok) return content;
  if ('kind' in content.value && content.value.kind === YAML)
    return ok((content.value.value as () => YamlStream)());
  const bytes = process.files.read(path);
  return bytes.ok ? ok(parseYaml(textOf(bytes.value))) : bytes;
}
