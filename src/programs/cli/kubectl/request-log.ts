/**
 * What `-v=6` to `-v=9` tell of requests, on standard error in klog's shape
 * (k8s.io/client-go/transport/round_trippers.go and rest/request.go, v0.34). Connection times of `-v=9`
 * are not told.
 */
import { textOf } from '../../../ground/base/bytes.ts';
import type { Micros } from '../../../ground/base/event-loop.ts';
import { quote } from '../../../ground/base/text.ts';
import { bytesOf, type Chunk } from '../../../machines/network/chunk.ts';
import { reasonPhrase } from '../../../machines/network/http-status.ts';
import type { Headers } from '../../../machines/network/http-types.ts';
import type { Process } from '../../../machines/machine/process.ts';

/** Feature gates of client-go that are read at the start, with their defaults. */
const GATES: readonly (readonly [string, boolean])[] = [
  ['ClientsAllowCBOR', false],
  ['ClientsPreferCBOR', false],
  ['InOrderInformers', true],
  ['InformerResourceVersion', false],
  ['WatchListClient', false],
];
/** A body longer than this is cut at levels 8 and 9. */
const BODY_MAX: ReadonlyMap<number, number> = new Map([
  [8, 1024],
  [9, 10_240],
]);

export class RequestLog {
  readonly #process: Process;
  readonly #level: number;

  constructor(process: Process, level: number) {
    this.#process = process;
    this.#level = level;
  }

  /** The lines that come before any request. */
  start(configFile: string | undefined): void {
    if (this.#level >= 6 && configFile !== undefined) {
      this.#log('loader.go:402', `Config loaded from file:  ${configFile}`);
    }
    if (this.#level < 1) return;
    for (const [name, enabled] of GATES) {
      this.#log(
        'envvar.go:172',
        `"Feature gate default state" feature=${quote(name)} enabled=${enabled}`,
      );
    }
  }

  request(method: string, url: string, headers: Headers, body: Chunk | undefined): void {
    if (this.#level >= 8) this.#body('Request Body', body);
    if (this.#level < 7) return;
    const shown = namedHeaders(headers);
    if (this.#level >= 9) {
      const flags = shown.map(([name, value]) => ` -H "${name}: ${value}"`).join('');
      this.#log(
        'round_trippers.go:527',
        `"Request" curlCommand=<\n\tcurl -v -X${method} ${flags} '${url}'\n >`,
      );
      return;
    }
    const where = `verb=${quote(method)} url=${quote(url)}`;
    this.#log('round_trippers.go:527', `"Request" ${where} headers=<\n${listed(shown)} >`);
  }

  response(method: string, url: string, status: number, headers: Headers, took: Micros): void {
    if (this.#level < 6) return;
    const bare = this.#level === 7 || this.#level === 8;
    const where = bare ? '' : `verb=${quote(method)} url=${quote(url)} `;
    const listing = this.#level >= 8 ? ` headers=<\n${listed(namedHeaders(headers))} >` : '';
    const line = `${where}status="${status} ${reasonPhrase(status)}"${listing}`;
    this.#log(
      'round_trippers.go:632',
      `"Response" ${line} milliseconds=${Math.trunc(took / 1000)}`,
    );
  }

  /** True when bodies of answers are told, which must be read for that. */
  get bodies(): boolean {
    return this.#level >= 8;
  }

  answer(body: Chunk | undefined): void {
    this.#body('Response Body', body);
  }

  #body(title: string, body: Chunk | undefined): void {
    const text = body === undefined ? '' : textOf(bytesOf(body));
    const limit = BODY_MAX.get(this.#level) ?? text.length;
    const cut =
      text.length > limit
        ? `${text.slice(0, limit)} [truncated ${text.length - limit} chars]`
        : text;
    // klog quotes a line and sets a text of several lines between brackets.
    const lines = cut.replace(/\n$/, '').split('\n').join('\n\t');
    const value = cut.includes('\n') ? `<\n\t${lines}\n >` : quote(cut);
    this.#log('helper.go:105', `"${title}" body=${value}`);
  }

  #log(source: string, text: string): void {
    this.#process.log('I', source, text);
  }
}

/** Header names as HTTP/1.1 writes them, in order. */
function namedHeaders(headers: Headers): readonly (readonly [string, string])[] {
  return [...headers]
    .map(([name, value]) => {
      const shown = name.replace(/(^|-)[a-z]/g, (part) => part.toUpperCase());
      return [shown, name === 'authorization' ? 'Bearer <masked>' : value] as const;
    })
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

function listed(headers: readonly (readonly [string, string])[]): string {
  return headers.map(([name, value]) => `\t${name}: ${value}\n`).join('');
}
