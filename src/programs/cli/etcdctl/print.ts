/**
 * What etcdctl prints (etcd 3.6, etcdctl/ctlv3/command/printer*.go): simple text, one line of JSON,
 * fields, or a table. JSON is the RPC's answer with keys and values in base64 and zero fields left
 * out.
 */
import { base64Of, hexOf, textOf, utf8 } from '../../../ground/base/bytes.ts';
import { quote } from '../../../ground/base/text.ts';
import { bytesOf } from '../../../machines/network/chunk.ts';
import type {
  DeleteRangeResponse,
  KeyValue,
  PutResponse,
  RangeResponse,
  ResponseHeader,
  TxnResponse,
  WatchResponse,
} from '../../../spine/etcd/wire/index.ts';
import { decimalOfHex } from '../../../spine/etcd/wire/ids.ts';

export type Format = 'simple' | 'json' | 'fields' | 'table' | 'protobuf';

export interface Printer {
  readonly format: Format;
  /** `--hex` */
  readonly hex: boolean;
  /** `--print-value-only` */
  readonly valueOnly: boolean;
  /** `--keys-only` */
  readonly keysOnly: boolean;
}

/** An object of JSON fields in order; undefined and zero ones are left out. */
type Fields = readonly (readonly [string, string | undefined])[];

function object(fields: Fields): string {
  const parts = fields.flatMap(([name, value]) =>
    value === undefined ? [] : [`"${name}":${value}`],
  );
  return `{${parts.join(',')}}`;
}

function number(value: number): string | undefined {
  return value === 0 ? undefined : String(value);
}

export function headerJson(header: ResponseHeader): string {
  return object([
    ['cluster_id', decimalOfHex(header.clusterId)],
    ['member_id', decimalOfHex(header.memberId)],
    ['revision', number(header.revision)],
    ['raft_term', number(header.raftTerm)],
  ]);
}

function kvJson(kv: KeyValue): string {
  const value = bytesOf(kv.value);
  return object([
    ['key', `"${base64Of(utf8(kv.key))}"`],
    ['create_revision', number(kv.createRevision)],
    ['mod_revision', number(kv.modRevision)],
    ['version', number(kv.version)],
    ['value', value.length === 0 ? undefined : `"${base64Of(value)}"`],
    ['lease', number(kv.lease)],
  ]);
}

function list(items: readonly string[]): string | undefined {
  return items.length === 0 ? undefined : `[${items.join(',')}]`;
}

/** Header fields of `-w fields`. */
export function headerFields(header: ResponseHeader): string {
  const revision = header.revision === 0 ? '' : `"Revision" : ${header.revision}\n`;
  return `"ClusterID" : ${decimalOfHex(header.clusterId)}\n"MemberID" : ${decimalOfHex(header.memberId)}\n${revision}"RaftTerm" : ${header.raftTerm}\n`;
}

function kvFields(prefix: string, kv: KeyValue): string {
  return `"${prefix}Key" : ${quote(kv.key)}\n"${prefix}CreateRevision" : ${kv.createRevision}\n"${prefix}ModRevision" : ${kv.modRevision}\n"${prefix}Version" : ${kv.version}\n"${prefix}Value" : ${quoted(bytesOf(kv.value))}\n"${prefix}Lease" : ${kv.lease}\n`;
}

/** A value as it stands: what is no UTF-8 goes through texts byte by byte, as `bytesOfEscaped` writes it. */
function rawText(bytes: Uint8Array): string {
  const whole = textOf(bytes);
  if (!whole.includes(UNREADABLE)) return whole;
  let text = '';
  for (let at = 0; at < bytes.length; ) {
    const byte = bytes[at] as number;
    const size = byte < 0xc2 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
    const letter = textOf(bytes.subarray(at, at + size));
    const good = !letter.includes(UNREADABLE);
    text += good ? letter : String.fromCharCode(SINGLE_BYTES + byte);
    at += good ? size : 1;
  }
  return text;
}

const UNREADABLE = '\ufffd';
const SINGLE_BYTES = 0xdc00;

/** As Go's `%q` prints bytes. */
function quoted(bytes: Uint8Array): string {
  return quote(rawText(bytes)).replace(
    /(?<![\ud800-\udbff])[\udc80-\udcff]/g,
    (unit) => `\\x${(unit.charCodeAt(0) - SINGLE_BYTES).toString(16)}`,
  );
}

/** Bytes with every one escaped: `\x66\x6f`. */
function escaped(bytes: Uint8Array): string {
  return hexOf(bytes).replace(/../g, '\\x$&');
}

function kvText(printer: Printer, kv: KeyValue): string {
  const key = printer.hex ? escaped(utf8(kv.key)) : kv.key;
  const value = printer.hex ? escaped(bytesOf(kv.value)) : rawText(bytesOf(kv.value));
  return printer.valueOnly ? `${value}\n` : `${key}\n${value}\n`;
}

export function printPut(printer: Printer, response: PutResponse): string {
  const { header, prevKv } = response;
  if (printer.format === 'json') {
    return `${object([
      ['header', headerJson(header)],
      ['prev_kv', prevKv && kvJson(prevKv)],
    ])}\n`;
  }
  if (printer.format === 'fields')
    return headerFields(header) + (prevKv === undefined ? '' : kvFields('Prev', prevKv));
  return `OK\n${prevKv === undefined ? '' : kvText(printer, prevKv)}`;
}

export function printRange(printer: Printer, response: RangeResponse, countOnly: boolean): string {
  const { header, kvs, more, count } = response;
  if (printer.format === 'json') {
    return `${object([
      ['header', headerJson(header)],
      ['kvs', list(kvs.map(kvJson))],
      ['more', more ? 'true' : undefined],
      ['count', number(count)],
    ])}\n`;
  }
  if (printer.format === 'fields') {
    return `${headerFields(header)}${kvs.map((kv) => kvFields('', kv)).join('')}"More" : ${more}\n"Count" : ${count}\n`;
  }
  if (countOnly) return '';
  return kvs.map((kv) => kvText(printer, kv)).join('');
}

export function printDelete(printer: Printer, response: DeleteRangeResponse): string {
  const { header, deleted, prevKvs } = response;
  if (printer.format === 'json') {
    return `${object([
      ['header', headerJson(header)],
      ['deleted', number(deleted)],
      ['prev_kvs', list(prevKvs.map(kvJson))],
    ])}\n`;
  }
  if (printer.format === 'fields') {
    return `${headerFields(header)}"Deleted" : ${deleted}\n${prevKvs.map((kv) => kvFields('Prev', kv)).join('')}`;
  }
  return `${deleted}\n${prevKvs.map((kv) => kvText(printer, kv)).join('')}`;
}

export function printTxn(printer: Printer, response: TxnResponse): string {
  const { header, succeeded, responses } = response;
  if (printer.format === 'json') return `${txnJson(response)}\n`;
  const parts = responses.map((each) => {
    if ('range' in each) return printRange(printer, each.range, false);
    if ('put' in each) return printPut(printer, each.put);
    if ('deleteRange' in each) return printDelete(printer, each.deleteRange);
    return printTxn(printer, each.txn);
  });
  if (printer.format === 'fields')
    return `${headerFields(header)}"Succeeded" : ${succeeded}\n${parts.join('')}`;
  return `${succeeded ? 'SUCCESS' : 'FAILURE'}\n${parts.map((part) => `\n${part}`).join('')}`;
}

function txnJson(response: TxnResponse): string {
  const { header, succeeded, responses } = response;
  const inner = { revision: header.revision };
  const head = `{"revision":${inner.revision}}`;
  const each = responses.map((one) => {
    if ('range' in one) {
      const { kvs, more, count } = one.range;
      const body = object([
        ['header', head],
        ['kvs', list(kvs.map(kvJson))],
        ['more', more ? 'true' : undefined],
        ['count', number(count)],
      ]);
      return `{"Response":{"response_range":${body}}}`;
    }
    if ('put' in one) {
      const { prevKv } = one.put;
      return `{"Response":{"response_put":${object([
        ['header', head],
        ['prev_kv', prevKv && kvJson(prevKv)],
      ])}}}`;
    }
    if ('deleteRange' in one) {
      const { deleted, prevKvs } = one.deleteRange;
      const body = object([
        ['header', head],
        ['deleted', number(deleted)],
        ['prev_kvs', list(prevKvs.map(kvJson))],
      ]);
      return `{"Response":{"response_delete_range":${body}}}`;
    }
    return `{"Response":{"response_txn":${txnJson(one.txn)}}}`;
  });
  return object([
    ['header', headerJson(header)],
    ['succeeded', succeeded ? 'true' : undefined],
    ['responses', list(each)],
  ]);
}

export function printWatch(printer: Printer, response: WatchResponse): string {
  const { header, events } = response;
  if (printer.format === 'json') {
    const each = events.map((event) =>
      object([
        ['type', event.type === 'DELETE' ? '1' : undefined],
        ['kv', kvJson(event.kv)],
        ['prev_kv', event.prevKv && kvJson(event.prevKv)],
      ]),
    );
    return `${object([
      ['Header', headerJson(header)],
      ['Events', `[${each.join(',')}]`],
      ['CompactRevision', '0'],
      ['Canceled', 'false'],
      ['Created', 'false'],
    ])}\n`;
  }
  let text = printer.format === 'fields' ? headerFields(header) : '';
  for (const event of events) {
    if (printer.format === 'fields') {
      text += `"Type" : ${event.type}\n${event.prevKv === undefined ? '' : kvFields('Prev', event.prevKv)}${kvFields('', event.kv)}`;
      continue;
    }
    text += `${event.type}\n${event.prevKv === undefined ? '' : kvText(printer, event.prevKv)}${kvText(printer, event.kv)}`;
  }
  return text;
}

/** A table in boxes: headers centred, cells left, numbers right. */
export function table(headers: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = headers.map((header, column) =>
    Math.max(header.length, ...rows.map((row) => (row[column] ?? '').length)),
  );
  const rule = `+${widths.map((width) => '-'.repeat(width + 2)).join('+')}+\n`;
  const centred = headers.map((header, column) => {
    const space = (widths[column] as number) - header.length;
    const left = Math.floor(space / 2);
    return ` ${' '.repeat(left)}${header}${' '.repeat(space - left)} `;
  });
  const lines = rows.map((row) => {
    const cells = row.map((cell, column) => {
      const width = widths[column] as number;
      return /^-?\d+(\.\d+)?%?$/.test(cell)
        ? ` ${cell.padStart(width)} `
        : ` ${cell.padEnd(width)} `;
    });
    return `|${cells.join('|')}|\n`;
  });
  return `${rule}|${centred.join('|')}|\n${rule}${lines.join('')}${rule}`;
}
