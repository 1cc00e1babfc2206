/**
 * The printers of `-o` (k8s.io/cli-runtime/pkg/printers and genericclioptions, v0.34): json, yaml,
 * name, jsonpath, jsonpath-as-json, jsonpath-file, custom-columns and custom-columns-file. Managed
 * fields are left out unless asked for. `print-template.ts` has go-template and its kin.
 */
import { orderedBySchema } from '../../../ground/api/encode.ts';
import { withMeta } from '../../../ground/api/meta.ts';
import { definitionOfKind } from '../../../ground/api/schema.ts';
import { err, ok, type Result } from '../../../ground/base/result.ts';
import { quote, sortedText } from '../../../ground/base/text.ts';
import { formatJson } from '../../../ground/lang/json.ts';
import {
  findJsonPath,
  type JsonPath,
  parseJsonPath,
  printJsonPath,
} from '../../../ground/lang/jsonpath.ts';
import { formatYaml } from '../../../ground/lang/yaml/index.ts';
import type { Loose } from './api.ts';
import { fail, type Outcome } from './failure.ts';
import { printed } from '../../../ground/lang/go-template/values.ts';
import { goTemplatePrinter } from './print-template.ts';
import type { Session } from './session.ts';
import { TableWriter } from './table.ts';

/** Prints objects as text; `first` is false for later objects of one stream. */
export type ObjectPrinter = (object: Loose, first: boolean) => Result<string, string>;

/** The names that `-o` takes, for the message about another one. */
const FORMATS =
  'go-template,go-template-file,json,jsonpath,jsonpath-as-json,jsonpath-file,name,template,templatefile,yaml';

/** The printer of a form that is not a table; undefined for the tables ('' and wide). */
export function printerFor(
  session: Session,
  form: string,
  tables: string = '',
): Outcome<ObjectPrinter | undefined> {
  if (form === '' && session.flags.text('template') !== '')
    return printerFor(session, 'go-template', tables);
  if (form === '' || (form === 'wide' && tables !== '')) return ok(undefined);
  const equals = form.indexOf('=');
  const kind = equals < 0 ? form : form.slice(0, equals);
  const argument = equals < 0 ? undefined : form.slice(equals + 1);
  // Only get prints columns.
  const known = tables !== '' || !kind.startsWith('custom-columns');
  switch (known ? kind : '') {
    case 'json':
      return ok((object) =>
        ok(`${formatJson(shown(session, object), { indent: 4, sortKeys: true })}\n`),
      );
    case 'yaml':
      return ok((object, first) =>
        ok(`${first ? '' : '---\n'}${formatYaml(shown(session, object))}`),
      );
    case 'name':
      return ok((object) => ok(namesOf(object)));
    case 'jsonpath':
    case 'jsonpath-as-json':
    case 'jsonpath-file':
      return jsonPathPrinter(session, kind, argument ?? session.flags.text('template'));
    case 'custom-columns':
    case 'custom-columns-file':
      return customColumns(session, kind, argument);
    case 'go-template':
    case 'go-template-file':
    case 'template':
    case 'templatefile':
      return goTemplatePrinter(session, kind, argument ?? session.flags.text('template'), shown);
    default:
      return fail(
        `unable to match a printer suitable for the output format ${quote(form)}, allowed formats are: ${tables === '' ? FORMATS : `custom-columns,custom-columns-file,${FORMATS.replace('yaml', 'wide,yaml')}`}`,
      );
  }
}

/** JSON of what kubectl holds as a Go struct: fields in the schema's order, kind before apiVersion. */
export function structJson(object: Loose, indent = 4): string {
  const { kind, apiVersion, ...rest } = schemaOrdered(object);
  return `${formatJson({ kind, apiVersion, ...rest }, { indent })}\n`;
}

function schemaOrdered(object: Loose): Loose {
  const slash = object.apiVersion.indexOf('/');
  const group = slash < 0 ? '' : object.apiVersion.slice(0, slash);
  const definition = definitionOfKind(group, object.apiVersion.slice(slash + 1), object.kind);
  return definition === undefined ? object : (orderedBySchema(definition, object) as Loose);
}

/** Several objects as one. */
export function listOf(items: readonly Loose[]): Loose {
  return {
    apiVersion: 'v1',
    items,
    kind: 'List',
    metadata: { resourceVersion: '' },
  } as unknown as Loose;
}

/** Without what people do not want to see. */
export function shown(session: Session, object: Loose): Loose {
  if (session.flags.bool('show-managed-fields')) return object;
  const items = object['items'];
  if (Array.isArray(items)) {
    return { ...object, items: (items as readonly Loose[]).map((item) => shown(session, item)) };
  }
  if (object.metadata?.managedFields === undefined) return object;
  return withMeta(object, { managedFields: undefined });
}

function namesOf(object: Loose): string {
  const items = object['items'];
  if (Array.isArray(items)) return (items as readonly Loose[]).map(namesOf).join('');
  // An event of a watch holds its object.
  if (object.apiVersion === undefined) return namesOf(object['object'] as Loose);
  const slash = object.apiVersion.indexOf('/');
  const group = slash < 0 ? '' : `.${object.apiVersion.slice(0, slash)}`;
  return `${object.kind.toLowerCase()}${group}/${object.metadata.name}\n`;
}

function jsonPathPrinter(session: Session, kind: string, argument: string): Outcome<ObjectPrinter> {
  let template = argument;
  if (kind === 'jsonpath-file') {
    const text = session.process.files.readText(argument);
    if (!text.ok)
      return fail(
        `error reading --template ${argument}, open ${argument}: no such file or directory\n`,
      );
    template = text.value;
  }
  if (template === '') return fail('template format specified but no template given');
  const parsed = parseJsonPath(template);
  if (!parsed.ok) return fail(`error parsing jsonpath ${template}, ${parsed.error}\n`);
  const path = parsed.value;
  return ok((object) => {
    const value = shown(session, object);
    if (kind === 'jsonpath-as-json') {
      const found = findJsonPath(path, value);
      return found.ok ? ok(`${formatJson(found.value, { indent: 4, sortKeys: true })}\n`) : found;
    }
    const text = printJsonPath(path, value, session.flags.bool('allow-missing-template-keys'));
    if (text.ok) return text;
    return err(
      `error executing jsonpath ${quote(template)}: Error executing template: ${text.error}. Printing more information for debugging the template:\n\ttemplate was:\n\t\t${template}\n\tobject given to jsonpath engine was:\n\t\t${goSyntax(value)}\n\n\n`,
    );
  });
}

/** `NAME:.metadata.name,NODE:.spec.nodeName`; the header once. */
function customColumns(
  session: Session,
  kind: string,
  argument: string | undefined,
): Outcome<ObjectPrinter> {
  if (argument === undefined || argument === '') {
    return fail('custom-columns format specified but no custom columns given');
  }
  let spec = argument;
  if (kind === 'custom-columns-file') {
    const columns = columnsOfFile(session, argument);
    if (!columns.ok) return columns;
    spec = columns.value;
  }
  const headers: string[] = [];
  const paths: JsonPath[] = [];
  for (const part of spec.split(',')) {
    const colon = part.indexOf(':');
    if (colon < 0)
      return fail(`unexpected custom-columns spec: ${part}, expected <header>:<json-path-expr>`);
    const path = relaxedPath(part.slice(colon + 1));
    if (!path.ok) return fail(path.error);
    headers.push(part.slice(0, colon));
    paths.push(path.value);
  }
  const writer = new TableWriter();
  return ok((object, first) => {
    const items = Array.isArray(object['items']) ? (object['items'] as readonly Loose[]) : [object];
    const rows = items.map((item) => paths.map((path) => columnText(path, item)));
    const head = first && !session.flags.bool('no-headers') ? [headers] : [];
    return ok(writer.format([...head, ...rows]));
  });
}

function columnText(path: JsonPath, object: Loose): string {
  const found = findJsonPath(path, object);
  if (!found.ok || found.value.length === 0) return '<none>';
  return found.value.map((value) => (value === undefined ? '<none>' : printed(value))).join(',');
}

/** A template file: a line of headers and a line of paths. */
function columnsOfFile(session: Session, path: string): Outcome<string> {
  const text = session.process.files.readText(path);
  if (!text.ok)
    return fail(`error reading template ${path}, open ${path}: no such file or directory\n`);
  const [first = '', second = ''] = text.value.split('\n');
  const headers = first.trim().split(/\s+/);
  const paths = second.trim().split(/\s+/);
  if (headers.length !== paths.length) {
    return fail(
      `number of headers (${headers.length}) and field specifications (${paths.length}) don't match`,
    );
  }
  return ok(headers.map((header, index) => `${header}:${paths[index]}`).join(','));
}

/** `x.y`, `.x.y`, `{x.y}` and `{.x.y}` mean the same (get.RelaxedJSONPathExpression). */
export function relaxedPath(text: string): Result<JsonPath, string> {
  if (text === '') return parseJsonPath('');
  const match = /^\{?\.?([^{}]+)\}?$/.exec(text);
  if (match === null) {
    return err(
      `unexpected path string, expected a 'name1.name2' or '.name1.name2' or '{name1.name2}' or '{.name1.name2}'`,
    );
  }
  const inner = match[1] as string;
  return parseJsonPath(
    inner.startsWith('$') || inner.startsWith('[') ? `{${inner}}` : `{.${inner}}`,
  );
}

/** A value as Go prints it with %#v. */
export function goSyntax(value: unknown): string {
  if (value === null || value === undefined) return 'interface {}(nil)';
  if (typeof value === 'string') return quote(value);
  if (Array.isArray(value)) {
    return `[]interface {}{${(value as readonly unknown[]).map(goSyntax).join(', ')}}`;
  }
  if (typeof value !== 'object') return String(value);
  const fields = value as Readonly<Record<string, unknown>>;
  const keys = sortedText(Object.keys(fields).filter((key) => fields[key] !== undefined));
  const parts = keys.map((key) => `${quote(key)}:${goSyntax(fields[key])}`);
  return `map[string]interface {}{${parts.join(', ')}}`;
}
