/**
 * What the packet core is measured against: the same rules walked in order by plain JavaScript, once
 * over typed arrays and once over objects with closures. Both take the core's draws and give its
 * checksum; they are fixed, so that the ratios stay comparable.
 */

export interface Flow {
  readonly src: number;
  readonly dst: number;
  readonly sport: number;
  readonly dport: number;
}

/** A service with its endpoints' addresses. */
export interface Service {
  readonly ip: number;
  readonly port: number;
  readonly endpoints: readonly number[];
}

const PODS = 0x0af40000;
const PODS_MASK = 0xffff0000;
const MARK = 0x4000;
const MASQUERADED = 9 * 7;

/** The draws of the core: sfc32 from the same four words, 31 bits each. */
export function drawsFrom(words: readonly number[]): () => number {
  let [a, b, c, counter] = words.map((word) => word | 0) as [number, number, number, number];
  return () => {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return sum >>> 1;
  };
}

// A record of the typed walk: dst, mask, port, src, mask, inverted, threshold, target kind, target.
const WIDTH = 9;
const JUMP = 1;
const SET_MARK = 2;
const DNAT = 3;

/** Typed arrays, every rule in order. Returns a function from flows to the checksum. */
export function typedWalk(
  services: readonly Service[],
  draw: () => number,
  thresholds: (left: number) => number,
): (flows: readonly Flow[]) => number {
  const rows: number[][] = [];
  const starts: number[] = [];
  const ends: number[] = [];
  const chain = (rules: readonly number[][]): number => {
    starts.push(rows.length);
    rows.push(...rules.map((rule) => [...rule]));
    ends.push(rows.length);
    return starts.length - 1;
  };
  const any = (
    threshold: number,
    kind: number,
    target: number,
    src = 0,
    srcMask = 0,
    inverted = 0,
  ): number[] => [0, 0, 0, src, srcMask, inverted, threshold, kind, target];
  const mark = chain([any(0, SET_MARK, MARK)]);
  const entries = services.map((service) => {
    const jumps = service.endpoints.map((ip, index) => {
      const left = service.endpoints.length - index;
      const own = chain([any(0, JUMP, mark, ip, 0xffffffff), any(0, DNAT, ip)]);
      return any(left > 1 ? thresholds(left) : 0, JUMP, own);
    });
    const first = [service.ip, 0xffffffff, service.port, PODS, PODS_MASK, 1, 0, JUMP, mark];
    return [service.ip, 0xffffffff, service.port, 0, 0, 0, 0, JUMP, chain([first, ...jumps])];
  });
  const root = chain(entries);
  const table = new Uint32Array(rows.flat());
  const packets = new Float64Array(rows.length);
  let marked = 0;
  let target = 0;
  const walk = (number: number, flow: Flow): boolean => {
    const end = ends[number] as number;
    for (let index = starts[number] as number; index < end; index += 1) {
      const at = index * WIDTH;
      if (((flow.dst ^ (table[at] as number)) & (table[at + 1] as number)) !== 0) continue;
      const port = table[at + 2] as number;
      if (port !== 0 && port !== flow.dport) continue;
      const miss = ((flow.src ^ (table[at + 3] as number)) & (table[at + 4] as number)) !== 0;
      if (miss !== (table[at + 5] === 1)) continue;
      const threshold = table[at + 6] as number;
      if (threshold !== 0 && draw() >= threshold) continue;
      packets[index] = (packets[index] as number) + 1;
      const kind = table[at + 7] as number;
      const value = table[at + 8] as number;
      if (kind === JUMP) {
        if (walk(value, flow)) return true;
      } else if (kind === SET_MARK) marked |= value;
      else {
        target = value;
        return true;
      }
    }
    return false;
  };
  return (flows) => {
    let sum = 0;
    for (const flow of flows) {
      marked = 0;
      target = 0;
      walk(root, flow);
      sum = (sum + target + ((marked & MARK) === 0 ? 0 : MASQUERADED)) >>> 0;
    }
    return sum;
  };
}

interface ObjectRule {
  readonly tests: readonly ((flow: Flow) => boolean)[];
  readonly act: (flow: Flow) => boolean;
  packets: number;
}

/** Objects and closures, as a first version would be written. */
export function objectWalk(
  services: readonly Service[],
  draw: () => number,
  thresholds: (left: number) => number,
): (flows: readonly Flow[]) => number {
  let marked = 0;
  let target = 0;
  const walk = (rules: readonly ObjectRule[], flow: Flow): boolean => {
    for (const rule of rules) {
      if (!rule.tests.every((test) => test(flow))) continue;
      rule.packets += 1;
      if (rule.act(flow)) return true;
    }
    return false;
  };
  const mark: ObjectRule[] = [
    {
      tests: [],
      packets: 0,
      act: () => {
        marked |= MARK;
        return false;
      },
    },
  ];
  const root: ObjectRule[] = services.map((service) => {
    const toService = [
      (flow: Flow): boolean => flow.dst === service.ip,
      (flow: Flow): boolean => flow.dport === service.port,
    ];
    const jumps: ObjectRule[] = service.endpoints.map((ip, index) => {
      const left = service.endpoints.length - index;
      const own: ObjectRule[] = [
        { tests: [(flow) => flow.src === ip], packets: 0, act: (flow) => walk(mark, flow) },
        {
          tests: [],
          packets: 0,
          act: () => {
            target = ip;
            return true;
          },
        },
      ];
      return {
        tests: left > 1 ? [() => draw() < thresholds(left)] : [],
        packets: 0,
        act: (flow) => walk(own, flow),
      };
    });
    const first: ObjectRule = {
      tests: [...toService, (flow) => (flow.src & PODS_MASK) >>> 0 !== PODS],
      packets: 0,
      act: (flow) => walk(mark, flow),
    };
    const chain = [first, ...jumps];
    return { tests: toService, packets: 0, act: (flow) => walk(chain, flow) };
  });
  return (flows) => {
    let sum = 0;
    for (const flow of flows) {
      marked = 0;
      target = 0;
      walk(root, flow);
      sum = (sum + target + ((marked & MARK) === 0 ? 0 : MASQUERADED)) >>> 0;
    }
    return sum;
  };
}
