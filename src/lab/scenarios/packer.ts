/**
 * Packs a saved lab into a share link and a file, and reads both back. A link is `#1` and the base64url
 * of a head (checksum and length of what follows) and a raw deflate, with a preset dictionary, of
 * compact JSON that holds only differences from defaults. The first character is the format; readers
 * of all formats are kept for ever, as a chain. A file (`.k8slab`) is one readable line and the link's
 * payload. What cannot be read is said by name: cut short, altered, foreign, too new.
 */
import { base64UrlOf, concatBytes, parseBase64, textOf, utf8 } from '../../ground/base/bytes.ts';
import { deflateRaw, inflateRaw } from '../../ground/base/deflate.ts';
import { fnv1aBytes } from '../../ground/base/hash.ts';
import { err, ok, type Result } from '../../ground/base/result.ts';
import { parseJson } from '../../ground/lang/json.ts';
import type { LabBase, LabInput, SavedLab, TimedInput } from '../input-types.ts';
import { LINK_DICTIONARY_1 } from './dictionary.ts';

/** The newest format that this engine writes and reads. */
const LINK_FORMAT = 1;
/** Bytes of checksum and length before the packed JSON. */
const HEAD_BYTES = 7;
/** Unpacked JSON larger than this is refused: a link cannot be a bomb. */
const UNPACKED_BYTES_MAX = 8 * 1024 * 1024;

/** Why a link or a file was not opened: a locale key and its values. */
export interface UnpackError {
  readonly key:
    | 'link.cut'
    | 'link.altered'
    | 'link.foreign'
    | 'link.newer'
    | 'file.foreign'
    | 'file.newer';
  readonly values: Readonly<Record<string, string>>;
}

/** The fragment of a share link, from `#` on. */
export function packLink(saved: SavedLab): string {
  return `#${LINK_FORMAT}${base64UrlOf(packBytes(saved))}`;
}

/** Reads a whole address or just its fragment. */
export function unpackLink(text: string): Result<SavedLab, UnpackError> {
  const hash = text.indexOf('#');
  const fragment = (hash < 0 ? text : text.slice(hash + 1)).replace(/&embed=.*$/, '').trim();
  const length = String(fragment.length);
  const format = /^[0-9]/.test(fragment) ? Number(fragment[0]) : Number.NaN;
  if (Number.isNaN(format) || format === 0) return err({ key: 'link.foreign', values: { length } });
  if (format > LINK_FORMAT) {
    return err({
      key: 'link.newer',
      values: { format: String(format), known: String(LINK_FORMAT) },
    });
  }
  const body = fragment.slice(1);
  const bytes = parseBase64(body);
  if (bytes !== undefined) return unpackBytes(bytes, length);
  // Cut within a group of four: what stands before its last character may tell.
  const shorter = parseBase64(body.slice(0, -1));
  const read = shorter === undefined ? undefined : unpackBytes(shorter, length);
  if (read?.ok === false && read.error.key === 'link.cut') return read;
  return err({ key: 'link.altered', values: { length } });
}

/** The text of a `.k8slab` file: a line for people, then the link's payload. */
export function packFile(saved: SavedLab, title: string): string {
  return `drydock ${LINK_FORMAT} engine ${saved.engine} ${title}\n${packLink(saved)}\n`;
}

export function unpackFile(text: string): Result<SavedLab, UnpackError> {
  const head = /^drydock (\d+) engine (\S+)/.exec(text);
  if (head === null) return err({ key: 'file.foreign', values: {} });
  if (Number(head[1]) > LINK_FORMAT) {
    const values = {
      format: head[1] as string,
      engine: head[2] as string,
      known: String(LINK_FORMAT),
    };
    return err({ key: 'file.newer', values });
  }
  return unpackLink(text.slice(text.indexOf('\n') + 1));
}

function packBytes(saved: SavedLab): Uint8Array {
  const packed = deflateRaw(utf8(JSON.stringify(compact(saved))), utf8(LINK_DICTIONARY_1));
  const head = new Uint8Array(HEAD_BYTES);
  const view = new DataView(head.buffer);
  view.setUint32(0, fnv1aBytes(packed));
  view.setUint8(4, (packed.length >> 16) & 255);
  view.setUint16(5, packed.length & 0xffff);
  return concatBytes([head, packed]);
}

function unpackBytes(bytes: Uint8Array, length: string): Result<SavedLab, UnpackError> {
  const altered = err<UnpackError>({ key: 'link.altered', values: { length } });
  if (bytes.length < HEAD_BYTES) return err({ key: 'link.cut', values: { length, wanted: '?' } });
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const size = view.getUint8(4) * 65_536 + view.getUint16(5);
  const packed = bytes.subarray(HEAD_BYTES);
  if (packed.length < size) {
    const wanted = String(2 + Math.ceil(((size + HEAD_BYTES) * 4) / 3));
    return err({ key: 'link.cut', values: { length, wanted } });
  }
  if (packed.length > size || fnv1aBytes(packed) !== view.getUint32(0)) return altered;
  const text = inflateRaw(packed, utf8(LINK_DICTIONARY_1));
  if (!text.ok || text.value.length > UNPACKED_BYTES_MAX) return altered;
  const parsed = parseJson(textOf(text.value));
  if (!parsed.ok) return altered;
  const saved = expand(parsed.value.value as unknown as CompactLab);
  return saved === undefined ? altered : ok(saved);
}

// ---------------------------------------------------------------------------------------------
// Compact JSON: short keys, times as differences, nothing that has its default value.

type CompactInput = readonly (string | number | null)[];

interface CompactLab {
  readonly v?: string;
  readonly b?: {
    readonly p?: string;
    readonly n?: number;
    readonly c?: string;
    readonly f?: Record<string, string>;
    readonly e?: number;
  };
  readonly s?: number;
  readonly i?: readonly CompactInput[];
  readonly t?: number;
  readonly x?: number;
  readonly h?: string;
  readonly m?: readonly (readonly [number, string])[];
  readonly w?: Record<string, string>;
}

const DEFAULT_NODES = 3;

function compact(saved: SavedLab): CompactLab {
  const base = saved.base;
  let last = 0;
  const inputs = saved.inputs.map((timed) => {
    const delta = timed.time - last;
    last = timed.time;
    return [delta, ...compactInput(timed.input)];
  });
  return {
    v: saved.engine,
    b: {
      ...(base.profile === 'modern' ? {} : { p: base.profile }),
      ...(base.nodes === DEFAULT_NODES ? {} : { n: base.nodes }),
      ...(base.scenario === '' ? {} : { c: base.scenario }),
      ...(Object.keys(base.files).length === 0 ? {} : { f: { ...base.files } }),
      ...(base.epoch === undefined ? {} : { e: base.epoch }),
    },
    s: saved.seed,
    i: inputs,
    t: saved.stop,
    ...(saved.events === undefined ? {} : { x: saved.events }),
    h: saved.story,
    ...(saved.marks.length === 0
      ? {}
      : { m: saved.marks.map((mark) => [mark.time, mark.name] as const) }),
    ...(Object.keys(saved.view).length === 0 ? {} : { w: { ...saved.view } }),
  };
}

function compactInput(input: LabInput): CompactInput {
  switch (input.kind) {
    case 'open-terminal':
      return ['o', input.terminal, input.columns, input.rows];
    case 'close-terminal':
      return ['c', input.terminal];
    case 'resize':
      return ['r', input.terminal, input.columns, input.rows];
    case 'line':
      return ['l', input.terminal, input.text];
    case 'keys':
      return ['k', input.terminal, input.text];
    case 'file':
      return ['f', input.path, input.text];
    case 'edited':
      return ['e', input.terminal, input.text];
    case 'setup':
      return ['u', input.text];
    case 'send':
      return ['s', input.from, input.url, input.times];
  }
}

function expandInput(parts: CompactInput): LabInput | undefined {
  const [, kind, a, b, c] = parts;
  const text = (value: unknown): value is string => typeof value === 'string';
  const number = (value: unknown): value is number => typeof value === 'number';
  if (kind === 'o' && number(a) && number(b) && number(c))
    return { kind: 'open-terminal', terminal: a, columns: b, rows: c };
  if (kind === 'c' && number(a)) return { kind: 'close-terminal', terminal: a };
  if (kind === 'r' && number(a) && number(b) && number(c))
    return { kind: 'resize', terminal: a, columns: b, rows: c };
  if (kind === 'l' && number(a) && text(b)) return { kind: 'line', terminal: a, text: b };
  if (kind === 'k' && number(a) && text(b)) return { kind: 'keys', terminal: a, text: b };
  if (kind === 'f' && text(a) && (text(b) || b === null)) return { kind: 'file', path: a, text: b };
  if (kind === 'e' && number(a) && (text(b) || b === null))
    return { kind: 'edited', terminal: a, text: b };
  if (kind === 'u' && text(a)) return { kind: 'setup', text: a };
  if (kind === 's' && text(a) && text(b) && number(c))
    return { kind: 'send', from: a, url: b, times: c };
  return undefined;
}

function expand(lab: CompactLab): SavedLab | undefined {
  if (typeof lab !== 'object' || lab === null || typeof lab.s !== 'number') return undefined;
  const inputs: TimedInput[] = [];
  let time = 0;
  for (const parts of lab.i ?? []) {
    const input = Array.isArray(parts) ? expandInput(parts) : undefined;
    const delta = Array.isArray(parts) ? parts[0] : undefined;
    if (input === undefined || typeof delta !== 'number' || delta < 0) return undefined;
    time += delta;
    inputs.push({ time, input });
  }
  const base: LabBase = {
    profile: lab.b?.p === 'seed-era' ? 'seed-era' : 'modern',
    nodes: lab.b?.n ?? DEFAULT_NODES,
    scenario: lab.b?.c ?? '',
    files: lab.b?.f ?? {},
    ...(lab.b?.e === undefined ? {} : { epoch: lab.b.e }),
  };
  if (!Number.isInteger(base.nodes) || base.nodes < 0 || base.nodes > 1000) return undefined;
  return {
    format: 1,
    engine: lab.v ?? '',
    base,
    seed: lab.s,
    inputs,
    stop: lab.t ?? time,
    ...(typeof lab.x === 'number' ? { events: lab.x } : {}),
    story: lab.h ?? '',
    marks: (lab.m ?? []).map(([at, name]) => ({ time: at, name })),
    view: lab.w ?? {},
  };
}
