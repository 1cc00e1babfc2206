/**
 * The programs iptables, ip6tables, iptables-save and iptables-restore, over the tables of the
 * caller's network namespace. Root only. IPv6 is not modelled: ip6tables says that the kernel has no
 * such table, as on a host booted with ipv6.disable=1.
 */
import { concatBytes, textOf } from '../../ground/base/bytes.ts';
import type { Task } from '../../ground/base/task.ts';
import { rulesOf } from '../../machines/network/netfilter/access.ts';
import { saveText } from '../../machines/network/netfilter/list.ts';
import type { NamespaceNetfilter } from '../../machines/network/netfilter/netfilter.ts';
import { TABLES } from '../../machines/network/netfilter/tables.ts';
import type { TableName } from '../../machines/network/netfilter/types.ts';
import type { Process, Program } from '../../machines/machine/process.ts';
import { runIptables } from './iptables-command.ts';
import { type Outcome, VERSION_TEXT } from './iptables-words.ts';
import { runRestore } from './iptables-restore-text.ts';

const VERSION = '1.8.11';
/** What one command costs the CPU; a rule of a restored text is cheaper by far. */
const COMMAND_MICROS = 2000;
const RULE_MICROS = 4;

function* answer(process: Process, outcome: Outcome): Task<number> {
  if (outcome.stdout !== '') yield* process.print(outcome.stdout);
  if (outcome.stderr !== '') yield* process.printError(outcome.stderr);
  return outcome.code;
}

function denied(program: string): Outcome {
  const text = `${program} ${VERSION_TEXT}: Could not fetch rule set generation id: Permission denied (you must be root)\n`;
  return { stdout: '', stderr: text, code: 4 };
}

function rules(process: Process): NamespaceNetfilter {
  return rulesOf(process.kernel.namespaces.network.netfilter);
}

export const iptables: Program = {
  name: 'iptables',
  version: VERSION,
  *main(process) {
    yield* process.work(COMMAND_MICROS);
    const argv = process.argv.slice(1);
    const asks = argv.some(
      (word) => word === '-V' || word === '--version' || word === '-h' || word === '--help',
    );
    if (process.uid !== 0 && !asks) return yield* answer(process, denied('iptables'));
    return yield* answer(process, runIptables(rules(process), argv));
  },
};

export const ip6tables: Program = {
  name: 'ip6tables',
  version: VERSION,
  *main(process) {
    yield* process.work(COMMAND_MICROS);
    const argv = process.argv.slice(1);
    if (argv.includes('-V') || argv.includes('--version')) {
      yield* process.print(`ip6tables ${VERSION_TEXT}\n`);
      return 0;
    }
    const at = argv.indexOf('-t');
    const table = at < 0 ? 'filter' : (argv[at + 1] ?? 'filter');
    const text = `ip6tables ${VERSION_TEXT}: can't initialize ip6tables table \`${table}': Address family not supported by protocol\nPerhaps ip6tables or your kernel needs to be upgraded.\n`;
    return yield* answer(process, { stdout: '', stderr: text, code: 3 });
  },
};

/** `digits`: decimals of a probability, 11 today and 12 when the seeds were written. */
export function iptablesSaveWith(digits: number): Program {
  return {
    name: 'iptables-save',
    version: VERSION,
    *main(process) {
      yield* process.work(COMMAND_MICROS);
      if (process.uid !== 0) return yield* answer(process, denied('iptables-save'));
      let counters = false;
      let table: TableName | undefined;
      const argv = process.argv.slice(1);
      for (let index = 0; index < argv.length; index += 1) {
        const word = argv[index] as string;
        if (word === '-c' || word === '--counters') counters = true;
        else if (word === '-V' || word === '--version')
          return yield* answer(process, {
            stdout: `iptables-save ${VERSION_TEXT}\n`,
            stderr: '',
            code: 0,
          });
        else if (word === '-t' || word === '--table') {
          index += 1;
          const name = argv[index] ?? '';
          if (!TABLES.includes(name as TableName)) {
            return yield* answer(process, {
              stdout: '',
              stderr: `Table \`${name}' does not exist\n`,
              code: 1,
            });
          }
          table = name as TableName;
        } else {
          const stderr = word.startsWith('-')
            ? `iptables-save: unrecognized option '${word}'\nLook at manual page \`iptables-save.8' for more information.\n`
            : 'Unknown arguments found on commandline\n';
          return yield* answer(process, { stdout: '', stderr, code: 1 });
        }
      }
      const text = saveText(rules(process), {
        wall: process.clock.wall(),
        counters,
        table,
        digits,
      });
      return yield* answer(process, { stdout: text, stderr: '', code: 0 });
    },
  };
}

export const iptablesSave = iptablesSaveWith(11);

export const iptablesRestore: Program = {
  name: 'iptables-restore',
  version: VERSION,
  *main(process) {
    const program = 'iptables-restore';
    if (process.uid !== 0) return yield* answer(process, denied(program));
    const options = {
      program,
      flush: true,
      counters: false,
      test: false,
      table: undefined as TableName | undefined,
    };
    const argv = process.argv.slice(1);
    let file: string | undefined;
    for (let index = 0; index < argv.length; index += 1) {
      const word = argv[index] as string;
      if (word === '-n' || word === '--noflush') options.flush = false;
      else if (word === '-c' || word === '--counters') options.counters = true;
      else if (word === '-t' || word === '--test') options.test = true;
      else if (word === '-V' || word === '--version')
        return yield* answer(process, {
          stdout: `${program} ${VERSION_TEXT}\n`,
          stderr: '',
          code: 0,
        });
      else if (word === '-v' || word === '--verbose') continue;
      else if (word === '-w' || word === '--wait' || word === '-W' || word === '--wait-interval') {
        if (/^\d+$/.test(argv[index + 1] ?? '')) index += 1;
      } else if (word === '-T' || word === '--table') {
        index += 1;
        // Tables of other names are passed over, be there one like this or not.
        options.table = (argv[index] ?? '') as TableName;
      } else if (word.startsWith('-')) {
        return yield* answer(process, {
          stdout: '',
          stderr: `${program}: unrecognized option '${word}'\nTry \`iptables-restore -h' for more information.\n`,
          code: 1,
        });
      } else file = word;
    }
    const text = yield* readAll(process, file);
    if (text === undefined) {
      return yield* answer(process, {
        stdout: '',
        stderr: `Can't open ${file}: No such file or directory\n`,
        code: 1,
      });
    }
    yield* process.work(COMMAND_MICROS + RULE_MICROS * text.split('\n').length);
    return yield* answer(process, runRestore(rules(process), text, options));
  },
};

function* readAll(process: Process, file: string | undefined): Task<string | undefined> {
  if (file !== undefined) {
    const read = process.files.readText(file);
    return read.ok ? read.value : undefined;
  }
  const parts: Uint8Array[] = [];
  for (;;) {
    const read = yield* process.stdin.read();
    if (!read.ok || read.value === undefined) return textOf(concatBytes(parts));
    parts.push(read.value);
  }
}
