/**
 * YAML text to values: js-yaml's event layer for the syntax, our own construction for the meaning
 * (go-yaml v2's, see resolve.ts). Documents are cut apart as upstream's stream reader does
 * (k8s.io/apimachinery/pkg/util/yaml YAMLReader, v0.34), by lines that begin with `---`, and each is
 * parsed for itself: so its errors count lines from its own first line, and documents before a
 * broken one are still good.
 *
 * Duplicate keys are data, not errors: the last one counts. Aliases share the value of their anchor;
 * what they would expand to is counted and limited as in go-yaml. Positions are found on demand by
 * walking the events again.
 */
import {
  EVENT_ID,
  type Event,
  getScalarValue,
  parseEvents,
  SCALAR_STYLE,
  type ScalarEvent,
  YAMLException,
} from 'js-yaml';
import { parseBase64, textOf } from '../../base/bytes.ts';
import { err, ok, type Result } from '../../base/result.ts';
import { quote } from '../../base/text.ts';
import { DEPTH_MAX, type DuplicateKey, type PathStep, setOwn, type Value } from '../value.ts';
import { goYamlError } from './errors.ts';
import { keyText, resolvePlain, type Scalar } from './resolve.ts';

/** Keys of a map before an entry of its own; what events say is checked by the parser. */
export interface YamlDocument {
  /** Null for an empty document. */
  readonly value: Value;
  readonly duplicates: readonly DuplicateKey[];
  /** Offset in the whole text at which the document's own text begins. */
  readonly offset: number;
  readonly text: string;
  readonly events: readonly Event[];
}

export interface YamlError {
  /** go-yaml's text: `yaml: line 5: mapping values are not allowed in this context`. */
  readonly message: string;
  /** Where in the whole text. */
  readonly offset: number;
}

export interface YamlStream {
  /** The documents before the error, or all of them. */
  readonly documents: readonly YamlDocument[];
  readonly error: YamlError | undefined;
}

/** Reads a stream of documents. */
export function parseYaml(text: string): YamlStream {
  const documents: YamlDocument[] = [];
  for (const chunk of splitDocuments(text)) {
    const parsed = parseDocument(chunk.text, chunk.offset);
    if (!parsed.ok) return { documents, error: parsed.error };
    documents.push(parsed.value);
  }
  return { documents, error: undefined };
}

export interface Chunk {
  readonly text: string;
  readonly offset: number;
}

/** Cuts a stream at its separator lines; a separator before any content stays in its document. */
export function splitDocuments(text: string): readonly Chunk[] {
  const chunks: Chunk[] = [];
  let start = 0;
  let at = 0;
  while (at < text.length) {
    if (text.startsWith('---', at)) {
      let end = text.indexOf('\n', at);
      if (end < 0) end = text.length;
      if (text.slice(at + 3, end).trim() === '' && at > start) {
        chunks.push({ text: text.slice(start, at), offset: start });
        start = Math.min(end + 1, text.length);
      }
    }
    const next = text.indexOf('\n---', at);
    if (next < 0) break;
    at = next + 1;
  }
  if (start < text.length) chunks.push({ text: text.slice(start), offset: start });
  return chunks;
}

function parseDocument(text: string, offset: number): Result<YamlDocument, YamlError> {
  let events: readonly Event[];
  try {
    events = parseEvents(text, { maxDepth: DEPTH_MAX });
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error;
    const at = error.mark?.position ?? 0;
    return err({ message: goYamlError(text, at, error.reason), offset: offset + at });
  }
  const builder = new Builder(text, events);
  const value = builder.build();
  if (builder.error !== undefined) {
    return err({ message: builder.error.message, offset: offset + builder.error.offset });
  }
  const duplicates = builder.duplicates.map((each) => ({ ...each, offset: each.offset + offset }));
  return ok({ value, duplicates, offset, text, events });
}

interface Frame {
  readonly map: Record<string, Value> | undefined;
  readonly list: Value[] | undefined;
  readonly anchor: string | undefined;
  /** How many nodes were made before this one. */
  readonly before: number;
  key: string | undefined;
  merging: boolean;
}

interface Anchor {
  readonly value: Value;
  /** Nodes below, aliases counted as what they stand for. */
  readonly size: number;
}

/** Builds the value of one document from its events, without recursion. */
class Builder {
  readonly #text: string;
  readonly #events: readonly Event[];
  readonly #stack: Frame[] = [];
  readonly #anchors = new Map<string, Anchor | undefined>();
  #made = 0;
  #aliased = 0;
  #root: Value = null;
  readonly duplicates: DuplicateKey[] = [];
  error: YamlError | undefined;

  constructor(text: string, events: readonly Event[]) {
    this.#text = text;
    this.#events = events;
  }

  build(): Value {
    for (const event of this.#events) {
      this.#take(event);
      if (this.error !== undefined) return null;
      // Only the first document of a chunk counts: go-yaml's Unmarshal reads no further.
      if (event.type === EVENT_ID.POP && this.#stack.length === 0) break;
    }
    return this.#root;
  }

  #take(event: Event): void {
    switch (event.type) {
      case EVENT_ID.DOCUMENT:
        this.#open(undefined, [], undefined);
        return;
      case EVENT_ID.MAPPING:
        this.#open({}, undefined, this.#anchorOf(event.anchorStart, event.anchorEnd));
        return;
      case EVENT_ID.SEQUENCE:
        this.#open(undefined, [], this.#anchorOf(event.anchorStart, event.anchorEnd));
        return;
      case EVENT_ID.SCALAR:
        this.#scalar(event);
        return;
      case EVENT_ID.ALIAS:
        this.#alias(this.#text.slice(event.anchorStart, event.anchorEnd), event.anchorStart);
        return;
      default:
        this.#close();
    }
  }

  #open(
    map: Record<string, Value> | undefined,
    list: Value[] | undefined,
    anchor: string | undefined,
  ): void {
    this.#made += 1;
    if (anchor !== undefined) this.#anchors.set(anchor, undefined);
    this.#stack.push({ map, list, anchor, before: this.#made, key: undefined, merging: false });
  }

  #close(): void {
    const frame = this.#stack.pop() as Frame;
    if (this.#stack.length === 0) {
      this.#root = frame.list?.[0] ?? null;
      return;
    }
    const value = (frame.map ?? frame.list) as Value;
    if (frame.anchor !== undefined) {
      this.#anchors.set(frame.anchor, { value, size: this.#made - frame.before + 1 });
    }
    if (this.#expectsKey()) this.#fail(`yaml: invalid map key: ${goSyntax(value)}`, 0);
    else this.#add(value);
  }

  #anchorOf(start: number, end: number): string | undefined {
    return start < 0 ? undefined : this.#text.slice(start, end);
  }

  #expectsKey(): boolean {
    const frame = this.#stack[this.#stack.length - 1];
    return frame?.map !== undefined && frame.key === undefined && !frame.merging;
  }

  #scalar(event: ScalarEvent): void {
    this.#made += 1;
    const resolved = this.#resolve(event);
    if (event.anchorStart >= 0) {
      const name = this.#text.slice(event.anchorStart, event.anchorEnd);
      this.#anchors.set(name, { value: resolved, size: 1 });
    }
    if (this.#expectsKey()) this.#key(event, resolved);
    else {
      if (typeof resolved === 'number' && !Number.isFinite(resolved)) {
        const text = Number.isNaN(resolved) ? 'NaN' : resolved > 0 ? '+Inf' : '-Inf';
        this.#fail(`json: unsupported value: ${text}`, event.valueStart);
      }
      this.#add(resolved);
    }
  }

  #resolve(event: ScalarEvent): Scalar {
    const text = getScalarValue(this.#text, event);
    const tag = event.tagStart < 0 ? '' : this.#text.slice(event.tagStart, event.tagEnd);
    if (tag === '') return event.style === SCALAR_STYLE.PLAIN ? resolvePlain(text) : text;
    if (tag === '!!binary') {
      const bytes = parseBase64(text);
      if (bytes === undefined)
        this.#fail('yaml: !!binary value contains invalid base64 data', event.tagStart);
      return bytes === undefined ? null : textOf(bytes);
    }
    const names = new Map([
      ['!!int', 'number'],
      ['!!float', 'number'],
      ['!!bool', 'boolean'],
      ['!!null', 'object'],
    ]);
    const wanted = names.get(tag);
    if (wanted === undefined) return text;
    const value = resolvePlain(text);
    if (typeof value !== wanted && typeof value !== 'bigint') {
      this.#fail(`yaml: cannot decode !!str \`${text}\` as a ${tag}`, event.tagStart);
    }
    return value;
  }

  #key(event: ScalarEvent, resolved: Scalar): void {
    const frame = this.#stack[this.#stack.length - 1] as Frame;
    const plain = event.style === SCALAR_STYLE.PLAIN && event.tagStart < 0;
    if (plain && resolved === '<<') {
      frame.merging = true;
      return;
    }
    const key = keyText(resolved);
    if (key === undefined) {
      this.#fail(
        'unsupported map key of type: %!s(<nil>), key: <nil>, value: <nil>',
        Math.max(event.valueStart, 0),
      );
      return;
    }
    if (Object.hasOwn(frame.map as object, key)) {
      this.duplicates.push({ path: this.#path(), key, offset: event.valueStart });
    }
    frame.key = key;
  }

  /** Steps to the map on top of the stack. */
  #path(): PathStep[] {
    const path: PathStep[] = [];
    for (let index = 1; index < this.#stack.length - 1; index += 1) {
      const frame = this.#stack[index] as Frame;
      path.push(frame.key ?? frame.list?.length ?? 0);
    }
    return path;
  }

  #alias(name: string, at: number): void {
    if (!this.#anchors.has(name)) {
      this.#fail(`yaml: unknown anchor '${name}' referenced`, at);
      return;
    }
    const anchor = this.#anchors.get(name);
    if (anchor === undefined) {
      this.#fail(`yaml: anchor '${name}' value contains itself`, at);
      return;
    }
    this.#made += anchor.size;
    this.#aliased += anchor.size;
    if (
      this.#aliased > 100 &&
      this.#made > 1000 &&
      this.#aliased / this.#made > allowedRatio(this.#made)
    ) {
      this.#fail('yaml: document contains excessive aliasing', at);
      return;
    }
    if (this.#expectsKey()) {
      const frame = this.#stack[this.#stack.length - 1] as Frame;
      const scalar = anchor.value;
      if (scalar !== null && typeof scalar === 'object') {
        this.#fail('yaml: invalid map key', at);
        return;
      }
      frame.key = keyText(scalar as Scalar) ?? '';
      return;
    }
    this.#add(anchor.value);
  }

  #add(value: Value): void {
    const frame = this.#stack[this.#stack.length - 1] as Frame;
    if (frame.list !== undefined) {
      frame.list.push(value);
      return;
    }
    const map = frame.map as Record<string, Value>;
    if (frame.merging) {
      frame.merging = false;
      this.#merge(map, value);
      return;
    }
    setOwn(map, frame.key as string, value);
    frame.key = undefined;
  }

  /** `<<`: the keys of a map, or of several of which earlier ones win. */
  #merge(map: Record<string, Value>, value: Value): void {
    const sources = Array.isArray(value) ? [...value].reverse() : [value];
    for (const source of sources) {
      if (source === null || typeof source !== 'object' || Array.isArray(source)) {
        this.#fail('yaml: map merge requires map or sequence of maps as the value', 0);
        return;
      }
      for (const [key, item] of Object.entries(source)) setOwn(map, key, item);
    }
  }

  #fail(message: string, offset: number): void {
    this.error ??= { message, offset };
  }
}

/** A value as Go's %#v prints it, in the message about a map or list used as a key. */
function goSyntax(value: Value): string {
  if (value === null) return 'interface {}(nil)';
  if (typeof value === 'string') return quote(value);
  if (typeof value !== 'object') return String(value);
  if (Array.isArray(value)) return `[]interface {}{${value.map(goSyntax).join(', ')}}`;
  const entries = Object.entries(value).map(([key, item]) => `${quote(key)}:${goSyntax(item)}`);
  return `map[interface {}]interface {}{${entries.join(', ')}}`;
}

/** How large a part of the nodes may come from aliases: go-yaml's guard against billion laughs. */
function allowedRatio(made: number): number {
  const low = 400_000;
  const high = 4_000_000;
  if (made <= low) return 0.99;
  if (made >= high) return 0.1;
  return 0.99 - 0.89 * ((made - low) / (high - low));
}

/** Where a value and its key stand in the whole text. */
export interface Position {
  readonly keyOffset: number | undefined;
  readonly valueOffset: number;
}

/** The position of what is at a path, or undefined when the document has no such path. */
export function positionOf(
  document: YamlDocument,
  path: readonly PathStep[],
): Position | undefined {
  const { events, text } = document;
  let at = 1;
  let keyOffset: number | undefined;
  for (const step of path) {
    const event = events[at];
    const isList = typeof step === 'number';
    if (event?.type !== (isList ? EVENT_ID.SEQUENCE : EVENT_ID.MAPPING)) return undefined;
    at += 1;
    let found = -1;
    let index = 0;
    while (events[at] !== undefined && events[at]?.type !== EVENT_ID.POP) {
      if (isList) {
        if (index === step) found = at;
        keyOffset = undefined;
      } else {
        const key = events[at];
        at = skipNode(events, at);
        if (key?.type === EVENT_ID.SCALAR && getScalarValue(text, key) === step) {
          found = at;
          keyOffset = document.offset + Math.max(key.valueStart, 0);
        }
      }
      // The last one of duplicate keys counts, so maps are read to their end.
      if (found === at && isList) break;
      at = skipNode(events, at);
      index += 1;
    }
    if (found < 0) return undefined;
    at = found;
  }
  const event = events[at];
  return event === undefined
    ? undefined
    : { keyOffset, valueOffset: document.offset + startOf(event) };
}

function skipNode(events: readonly Event[], at: number): number {
  let depth = 0;
  for (let index = at; index < events.length; index += 1) {
    const type = events[index]?.type;
    if (type === EVENT_ID.MAPPING || type === EVENT_ID.SEQUENCE) depth += 1;
    else if (type === EVENT_ID.POP) depth -= 1;
    if (depth <= 0) return index + 1;
  }
  return events.length;
}

function startOf(event: Event): number {
  if (event.type === EVENT_ID.SCALAR) return Math.max(event.valueStart, 0);
  if (event.type === EVENT_ID.ALIAS) return event.anchorStart;
  return 'start' in event ? event.start : 0;
}
