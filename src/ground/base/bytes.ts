/** Bytes and text: UTF-8, base64, hex and concatenation, without the host's encoders. */

/** Letters that are made into text at once. */
const UNITS_MAX = 4000;
const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** UTF-8 of a text. Lone surrogates become U+FFFD, as in every encoder. */
export function utf8(text: string): Uint8Array {
  return ascii(text) ?? encoded(text);
}

/** The bytes of a text that is plain ASCII, as most are; undefined for any other. */
function ascii(text: string): Uint8Array | undefined {
  const out = new Uint8Array(text.length);
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    if (unit >= 0x80) return undefined;
    out[index] = unit;
  }
  return out;
}

function encoded(text: string): Uint8Array {
  const out = new Uint8Array(text.length * 3);
  let length = 0;
  for (let index = 0; index < text.length; index += 1) {
    let point = text.charCodeAt(index);
    if (point < 0x80) {
      out[length++] = point;
      continue;
    }
    if (point >= 0xd800 && point < 0xe000) {
      const low = text.charCodeAt(index + 1);
      if (point < 0xdc00 && low >= 0xdc00 && low < 0xe000) {
        point = 0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00);
        index += 1;
        out[length++] = 0xf0 | (point >> 18);
        out[length++] = 0x80 | ((point >> 12) & 63);
        out[length++] = 0x80 | ((point >> 6) & 63);
        out[length++] = 0x80 | (point & 63);
        continue;
      }
      point = 0xfffd;
    }
    if (point < 0x800) {
      out[length++] = 0xc0 | (point >> 6);
      out[length++] = 0x80 | (point & 63);
    } else {
      out[length++] = 0xe0 | (point >> 12);
      out[length++] = 0x80 | ((point >> 6) & 63);
      out[length++] = 0x80 | (point & 63);
    }
  }
  return out.slice(0, length);
}

/** How many bytes the text takes in UTF-8. */
export function utf8Length(text: string): number {
  let length = 0;
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    if (unit < 0x80) length += 1;
    else if (unit < 0x800) length += 2;
    else if (unit >= 0xd800 && unit < 0xdc00) {
      length += 4;
      index += 1;
    } else length += 3;
  }
  return length;
}

/** Text of UTF-8 bytes; malformed sequences become U+FFFD. */
export function textOf(bytes: Uint8Array): string {
  const parts: string[] = [];
  let units: number[] = [];
  let index = 0;
  // What is plain ASCII up to here needs no decoding.
  if (bytes.length <= UNITS_MAX) {
    while (index < bytes.length && (bytes[index] as number) < 0x80) index += 1;
    const head = String.fromCharCode.apply(undefined, bytes.subarray(0, index) as unknown as []);
    if (index === bytes.length) return head;
    parts.push(head);
  }
  while (index < bytes.length) {
    const lead = bytes[index] as number;
    let point = 0xfffd;
    let size = 1;
    if (lead < 0x80) point = lead;
    else if (lead >= 0xc2 && lead < 0xe0) size = 2;
    else if (lead >= 0xe0 && lead < 0xf0) size = 3;
    else if (lead >= 0xf0 && lead < 0xf5) size = 4;
    if (size > 1) {
      let value = lead & (0xff >> (size + 1));
      let good = index + size <= bytes.length;
      for (let tail = 1; good && tail < size; tail += 1) {
        const byte = bytes[index + tail] as number;
        if ((byte & 0xc0) !== 0x80) good = false;
        value = (value << 6) | (byte & 63);
      }
      const minimum = size === 2 ? 0x80 : size === 3 ? 0x800 : 0x10000;
      if (good && value >= minimum && value < 0x110000 && (value < 0xd800 || value > 0xdfff)) {
        point = value;
      } else size = 1;
    }
    if (point >= 0x10000) {
      units.push(0xd800 + ((point - 0x10000) >> 10), 0xdc00 + ((point - 0x10000) & 0x3ff));
    } else units.push(point);
    index += size;
    if (units.length > UNITS_MAX) {
      parts.push(String.fromCharCode(...units));
      units = [];
    }
  }
  parts.push(String.fromCharCode(...units));
  return parts.join('');
}

export function concatBytes(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1) return parts[0] as Uint8Array;
  let length = 0;
  for (const part of parts) length += part.length;
  const out = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let index = 0; index < a.length; index += 1) if (a[index] !== b[index]) return false;
  return true;
}

export function hexOf(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += byte < 16 ? `0${byte.toString(16)}` : byte.toString(16);
  return text;
}

/** Standard base64 with padding (RFC 4648 section 4). */
export function base64Of(bytes: Uint8Array): string {
  let text = '';
  for (let index = 0; index < bytes.length; index += 3) {
    const a = bytes[index] as number;
    const b = bytes[index + 1];
    const c = bytes[index + 2];
    text += BASE64[a >> 2];
    text += BASE64[((a & 3) << 4) | ((b ?? 0) >> 4)];
    text += b === undefined ? '=' : BASE64[((b & 15) << 2) | ((c ?? 0) >> 6)];
    text += c === undefined ? '=' : BASE64[c & 63];
  }
  return text;
}

/** base64url without padding (RFC 4648 section 5). */
export function base64UrlOf(bytes: Uint8Array): string {
  return base64Of(bytes).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
}

/** Reads base64 or base64url, with or without padding; line ends are skipped; undefined when malformed. */
export function parseBase64(text: string): Uint8Array | undefined {
  const clean = text
    .replace(/[\r\n]/g, '')
    .replace(/-/g, '+')
    .replace(/_/g, '/');
  const body = clean.replace(/={1,2}$/, '');
  if (body.length % 4 === 1 || !/^[A-Za-z0-9+/]*$/.test(body)) return undefined;
  const out = new Uint8Array(Math.floor((body.length * 3) / 4));
  let word = 0;
  let bits = 0;
  let at = 0;
  for (let index = 0; index < body.length; index += 1) {
    word = ((word << 6) | BASE64.indexOf(body[index] as string)) & 0xffffff;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      out[at++] = (word >> bits) & 255;
    }
  }
  return out;
}
