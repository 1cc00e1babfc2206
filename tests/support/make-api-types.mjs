// Writes src/ground/api/types.ts, the TypeScript interfaces of the kinds that Drydock serves, from a
// field table of the Kubernetes API.
//
//     node tests/support/make-api-types.mjs path/to/kubernetes-1.34-fields.json
import { writeFileSync } from 'node:fs';
import { readDefinitions } from './api-definitions.mjs';

// Names that two groups share get their group in front.
const RENAMES = {
  'events.v1.Event': 'EventsEvent',
  'discovery.v1.EndpointPort': 'SliceEndpointPort',
  'meta.v1.MicroTime': 'MicroTime',
  'events.v1.EventSeries': 'EventsEventSeries',
};

const { table, wanted } = readDefinitions(process.argv[2], false);
const short = (name) => RENAMES[name] ?? name.split('.').at(-1);
const seen = new Map();
for (const name of wanted) {
  const other = seen.get(short(name));
  if (other !== undefined) throw new Error(`${name} and ${other} share a name`);
  seen.set(short(name), name);
}
const scalars = {
  'api.resource.Quantity': 'string',
  'meta.v1.Time': 'string',
  'meta.v1.MicroTime': 'string',
  'util.intstr.IntOrString': 'number | string',
};
const typeOf = (field) => {
  if (field.ref)
    return scalars[field.ref] ?? (table[field.ref].properties ? short(field.ref) : 'unknown');
  switch (field.type) {
    case 'array':
      return `readonly ${wrap(typeOf(field.items))}[]`;
    case 'object':
      return field.values ? `Readonly<Record<string, ${typeOf(field.values)}>>` : 'unknown';
    case 'integer':
    case 'number':
      return 'number';
    case 'boolean':
      return 'boolean';
    case 'string':
      return 'string';
    default:
      return 'unknown';
  }
};
const wrap = (text) => (text.includes('|') || text.startsWith('readonly') ? `(${text})` : text);

let out = `/**
 * The kinds of the Kubernetes API 1.34 that Drydock serves, as frozen values in their JSON form.
 * Written by tests/support/make-api-types.mjs from the API's field table; do not edit by hand.
 * Times, quantities and bytes are their JSON texts.
 */

`;
for (const name of [...wanted].sort((a, b) => (short(a) < short(b) ? -1 : 1))) {
  const definition = table[name];
  if (scalars[name] || !definition.properties) continue;
  out += `/** ${name} */\nexport interface ${short(name)} {\n`;
  for (const [key, field] of Object.entries(definition.properties).sort((a, b) =>
    a[0] < b[0] ? -1 : 1,
  )) {
    const top =
      definition.gvk !== undefined &&
      (key === 'apiVersion' || key === 'kind' || key === 'metadata');
    const named = name === 'meta.v1.ObjectMeta' && key === 'name';
    const optional = field.required || named || (top && short(name) !== 'DeleteOptions') ? '' : '?';
    const label = /^[A-Za-z_$][\w$]*$/.test(key) ? key : `'${key}'`;
    out += `  readonly ${label}${optional}: ${typeOf(field)}${optional ? ' | undefined' : ''};\n`;
  }
  out += '}\n\n';
}
writeFileSync(new URL('../../src/ground/api/types.ts', import.meta.url), `${out.trimEnd()}\n`);
