/**
 * The files at the top of /proc: what the machine is, has and does (Documentation/filesystems/proc.rst).
 *
 * The page cache is not modelled: the kernel's own memory is a fixed part, and the rest is free.
 */
import { COMMAND_LINE, KERNEL_VERSION } from './kernel-messages.ts';
import type { System } from './system.ts';
import type { Maker, Synthetic } from './synthetic.ts';

/** USER_HZ. */
export const TICK = 10_000;
/** What a small Debian's kernel keeps for itself: slabs, stacks, page tables, and what it has read from disk. */
const SLAB_KIB = 61_440;
const BUFFERS_KIB = 18_432;
const CACHED_KIB = 262_144;
const CPU_FLAGS =
  'fpu vme de pse tsc msr pae mce cx8 apic sep mtrr pge mca cmov pat pse36 clflush mmx fxsr sse sse2 ss ht syscall nx pdpe1gb rdtscp lm constant_tsc rep_good nopl xtopology cpuid tsc_known_freq pni pclmulqdq ssse3 fma cx16 pcid sse4_1 sse4_2 x2apic movbe popcnt aes xsave avx f16c rdrand hypervisor lahf_lm abm 3dnowprefetch fsgsbase bmi1 avx2 smep bmi2 erms invpcid rdseed adx smap clflushopt xsaveopt xsavec arat';

/** The files by name. */
export function systemFiles(system: System, make: Synthetic): Record<string, Maker> {
  return {
    cmdline: make.text(() => `${COMMAND_LINE}\n`),
    cpuinfo: make.text(() => cpuText(system.cpus)),
    filesystems: make.text(
      () =>
        'nodev\tsysfs\nnodev\ttmpfs\nnodev\tproc\nnodev\tcgroup2\nnodev\tdevtmpfs\nnodev\tdevpts\nnodev\tmqueue\n\text4\nnodev\toverlay\n',
    ),
    loadavg: make.text(() => {
      const { running } = system.cpu;
      const load = `${running}.00`;
      const { processes } = system.pids;
      return `${load} ${load} ${load} ${running}/${processes.size} ${Math.max(...processes.keys())}\n`;
    }),
    meminfo: make.text(() => memoryText(system)),
    stat: make.text(() => statText(system)),
    uptime: make.text(() => {
      system.cpu.settle();
      const up = system.clock.monotonic() / 1_000_000;
      return `${up.toFixed(2)} ${(up * system.cpus - system.cpu.used / 1_000_000).toFixed(2)}\n`;
    }),
    version: make.text(() => `${KERNEL_VERSION}\n`),
  };
}

function cpuText(cpus: number): string {
  let all = '';
  for (let cpu = 0; cpu < cpus; cpu += 1) {
    const rows: readonly (readonly [string, string | number])[] = [
      ['processor\t', cpu],
      ['vendor_id\t', 'GenuineIntel'],
      ['cpu family\t', 6],
      ['model\t\t', 85],
      ['model name\t', 'Intel(R) Xeon(R) Processor @ 2.40GHz'],
      ['stepping\t', 7],
      ['microcode\t', '0x1'],
      ['cpu MHz\t\t', '2400.000'],
      ['cache size\t', '16384 KB'],
      ['physical id\t', 0],
      ['siblings\t', cpus],
      ['core id\t\t', cpu],
      ['cpu cores\t', cpus],
      ['apicid\t\t', cpu],
      ['initial apicid\t', cpu],
      ['fpu\t\t', 'yes'],
      ['fpu_exception\t', 'yes'],
      ['cpuid level\t', 13],
      ['wp\t\t', 'yes'],
      ['flags\t\t', CPU_FLAGS],
      ['bugs\t\t', 'spectre_v1 spectre_v2 spec_store_bypass'],
      ['bogomips\t', '4800.00'],
      ['clflush size\t', 64],
      ['cache_alignment\t', 64],
      ['address sizes\t', '46 bits physical, 48 bits virtual'],
      ['power management', ''],
    ];
    all += `${rows.map(([name, value]) => `${name}: ${value}`.replace(/: $/, ':')).join('\n')}\n\n`;
  }
  return all;
}

function memoryText(system: System): string {
  const total = Math.floor(system.memoryBytes / 1024);
  const used = Math.floor(system.cgroups.root.memory / 1024);
  const stacks = system.pids.processes.size * 16;
  const tables = system.pids.processes.size * 64;
  const free = Math.max(0, total - used - SLAB_KIB - BUFFERS_KIB - CACHED_KIB - stacks - tables);
  const rows: readonly (readonly [string, number])[] = [
    ['MemTotal', total],
    ['MemFree', free],
    ['MemAvailable', free + BUFFERS_KIB + CACHED_KIB],
    ['Buffers', BUFFERS_KIB],
    ['Cached', CACHED_KIB],
    ['SwapCached', 0],
    ['Active', Math.floor(CACHED_KIB / 2)],
    ['Inactive', used + Math.ceil(CACHED_KIB / 2)],
    ['SwapTotal', 0],
    ['SwapFree', 0],
    ['Dirty', 0],
    ['Writeback', 0],
    ['AnonPages', used],
    ['Mapped', 0],
    ['Shmem', 0],
    ['KReclaimable', 0],
    ['Slab', SLAB_KIB],
    ['SReclaimable', 0],
    ['SUnreclaim', SLAB_KIB],
    ['KernelStack', stacks],
    ['PageTables', tables],
    ['CommitLimit', Math.floor(total / 2)],
    ['Committed_AS', used * 2],
    ['VmallocTotal', 34_359_738_367],
    ['HugePages_Total', 0],
    ['HugePages_Free', 0],
    ['Hugepagesize', 2048],
  ];
  return rows
    .map(([name, amount]) => {
      const head = `${name}:`.padEnd(15);
      return name.startsWith('HugePages_')
        ? `${head}${`${amount}`.padStart(9)}\n`
        : `${head}${`${amount}`.padStart(9)} kB\n`;
    })
    .join('');
}

function statText(system: System): string {
  system.cpu.settle();
  const used = Math.floor(system.cpu.used / TICK);
  const up = Math.floor((system.clock.monotonic() * system.cpus) / TICK);
  const boot = Math.floor((system.clock.wall() - system.clock.monotonic()) / 1_000_000);
  const line = (busy: number, whole: number): string =>
    `${busy} 0 0 ${Math.max(0, whole - busy)} 0 0 0 0 0 0`;
  let text = `cpu  ${line(used, up)}\n`;
  for (let cpu = 0; cpu < system.cpus; cpu += 1)
    text += `cpu${cpu} ${line(Math.floor(used / system.cpus), Math.floor(up / system.cpus))}\n`;
  const { processes } = system.pids;
  return `${text}btime ${boot}\nprocesses ${Math.max(...processes.keys())}\nprocs_running ${Math.max(1, system.cpu.running)}\nprocs_blocked 0\n`;
}
