/**
 * One line of klog (k8s.io/klog/v2 header format), kept as its parts and made into text when somebody
 * reads it: `I0302 09:00:00.123456       1 server.go:12] message`.
 */
import { utf8 } from '../../ground/base/bytes.ts';
import { formatKlog, type WallTime } from '../../ground/base/time.ts';
import type { Message } from '../network/chunk.ts';

/** A line of text, with its end, that is made when somebody reads it: an access log's. */
export class LateLine implements Message {
  readonly protocol = 'line';
  readonly wireSize: number;
  readonly #make: () => string;

  /** `size` is what it will have in bytes, nearly. */
  constructor(size: number, make: () => string) {
    this.wireSize = size;
    this.#make = make;
  }

  render(): Uint8Array {
    return utf8(this.#make());
  }
}

export class LogLine implements Message {
  readonly protocol = 'klog';
  readonly wireSize: number;
  readonly severity: 'I' | 'W' | 'E' | 'F';
  readonly wall: WallTime;
  readonly pid: number;
  readonly source: string;
  readonly message: string;

  constructor(
    severity: 'I' | 'W' | 'E' | 'F',
    wall: WallTime,
    pid: number,
    source: string,
    message: string,
  ) {
    this.severity = severity;
    this.wall = wall;
    this.pid = pid;
    this.source = source;
    this.message = message;
    this.wireSize = 33 + source.length + message.length;
  }

  get text(): string {
    const head = `${this.severity}${formatKlog(this.wall)}`;
    return `${head} ${`${this.pid}`.padStart(7)} ${this.source}] ${this.message}\n`;
  }

  render(): Uint8Array {
    return utf8(this.text);
  }
}
