/** MD5 (RFC 1321), for md5sum alone: nothing here rests on it. */

/** Left rotations of the four rounds. */
const TURNS = [
  [7, 12, 17, 22],
  [5, 9, 14, 20],
  [4, 11, 16, 23],
  [6, 10, 15, 21],
] as const;
/** Which word of the block a step of each round takes: factor and offset. */
const WORDS = [
  [1, 0],
  [5, 1],
  [3, 5],
  [7, 0],
] as const;
/** floor(2^32 × |sin(i + 1)|), the constants of RFC 1321 section 3.4. */
const SINES = Uint32Array.from(
  (
    'd76aa478e8c7b756242070dbc1bdceeef57c0faf4787c62aa8304613fd469501698098d88b44f7afffff5bb1895cd7be' +
    '6b901122fd987193a679438e49b40821f61e2562c040b340265e5a51e9b6c7aad62f105d02441453d8a1e681e7d3fbc8' +
    '21e1cde6c33707d6f4d50d87455a14eda9e3e905fcefa3f8676f02d98d2a4c8afffa39428771f6816d9d6122fde5380c' +
    'a4beea444bdecfa9f6bb4b60bebfbc70289b7ec6eaa127fad4ef308504881d05d9d4d039e6db99e51fa27cf8c4ac5665' +
    'f4292244432aff97ab9423a7fc93a039655b59c38f0ccc92ffeff47d85845dd16fa87e4ffe2ce6e0a30143144e0811a1' +
    'f7537e82bd3af2352ad7d2bbeb86d391'
  ).match(/.{8}/g) as string[],
  (word) => Number.parseInt(word, 16),
);

function mix(round: number, b: number, c: number, d: number): number {
  if (round === 0) return (b & c) | (~b & d);
  if (round === 1) return (d & b) | (~d & c);
  return round === 2 ? b ^ c ^ d : c ^ (b | ~d);
}

/** 16 bytes. */
export function md5(data: Uint8Array): Uint8Array {
  const length = (Math.floor((data.length + 8) / 64) + 1) * 64;
  const padded = new Uint8Array(length);
  padded.set(data);
  padded[data.length] = 0x80;
  const view = new DataView(padded.buffer);
  view.setUint32(length - 8, (data.length << 3) >>> 0, true);
  view.setUint32(length - 4, Math.floor(data.length / 0x20000000), true);
  const state = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476];
  for (let at = 0; at < length; at += 64) {
    let [a = 0, b = 0, c = 0, d = 0] = state;
    for (let step = 0; step < 64; step += 1) {
      const round = step >> 4;
      const [factor, offset] = WORDS[round] as readonly [number, number];
      const word = view.getUint32(at + ((factor * step + offset) & 15) * 4, true);
      const sum = (a + mix(round, b, c, d) + (SINES[step] as number) + word) | 0;
      const turn = (TURNS[round] as readonly number[])[step & 3] as number;
      const next = (b + ((sum << turn) | (sum >>> (32 - turn)))) | 0;
      [a, b, c, d] = [d, next, b, c];
    }
    for (const [index, value] of [a, b, c, d].entries())
      state[index] = ((state[index] as number) + value) | 0;
  }
  const digest = new DataView(new ArrayBuffer(16));
  for (const [index, value] of state.entries()) digest.setUint32(index * 4, value >>> 0, true);
  return new Uint8Array(digest.buffer);
}
