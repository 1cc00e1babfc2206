/** What the kernel says while it boots (`dmesg`): the lines that an administrator looks for, not all that there are. */
import type { Journal } from './journal.ts';

/** As /proc/version has it. */
export const KERNEL_VERSION =
  'Linux version 6.1.0-40-amd64 (debian-kernel@lists.debian.org) (gcc-12 (Debian 12.2.0-14+deb12u1) 12.2.0, GNU ld (GNU Binutils for Debian) 2.40) #1 SMP PREEMPT_DYNAMIC Debian 6.1.153-1 (2025-09-20)';

/** As /proc/cmdline has it. */
export const COMMAND_LINE = 'BOOT_IMAGE=/boot/vmlinuz-6.1.0-40-amd64 root=/dev/sda1 ro quiet';

/** Writes the messages of a boot into the journal, as the kernel's own. */
export function noteBoot(journal: Journal, cpus: number): void {
  const lines: readonly (readonly [number, string])[] = [
    [5, KERNEL_VERSION],
    [6, `Command line: ${COMMAND_LINE}`],
    [6, 'Hypervisor detected: KVM'],
    [6, `smpboot: Allowing ${cpus} CPUs, 0 hotplug CPUs`],
    [6, `smp: Brought up 1 node, ${cpus} CPUs`],
    [6, 'EXT4-fs (sda1): mounted filesystem with ordered data mode. Quota mode: none.'],
    [6, 'Bridge firewalling registered'],
  ];
  for (const [priority, message] of lines)
    journal.add({ unit: '', identifier: 'kernel', pid: 0, priority, message });
}
