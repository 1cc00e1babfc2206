/** YAML: the reader with positions and go-yaml's errors, and the writer that prints as kubectl does. */
export { formatYaml } from './format.ts';
export {
  type Position,
  parseYaml,
  positionOf,
  splitDocuments,
  type YamlDocument,
  type YamlError,
  type YamlStream,
} from './parse.ts';
