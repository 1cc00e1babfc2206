/** awk as a program: options, BEGIN, the main loop with range patterns, END (gawk 5.2's texts). */
import { readWholeText } from '../../../machines/machine/files/read-whole.ts';
import type { Task } from '../../../ground/base/task.ts';
import { strerror } from '../../../machines/network/errno.ts';
import { defineTool } from '../support.ts';
import { unescapeString } from './lexer.ts';
import { type Flow, Machine } from './machine.ts';
import { parseAwk } from './parser.ts';
import type { Rule } from './tree.ts';
import { inputValue, isTrue } from './values.ts';

const USAGE = `Usage: awk [POSIX or GNU style options] -f progfile [--] file ...
Usage: awk [POSIX or GNU style options] [--] 'program' file ...
`;

export const awk = defineTool('awk', function* run(process, args) {
  const sources: string[] = [];
  const assignments: string[] = [];
  let separator: string | undefined;
  let at = 0;
  for (; at < args.length; at += 1) {
    const arg = args[at] as string;
    if (arg === '--') {
      at += 1;
      break;
    }
    const match = /^-([fvF])(.*)$/s.exec(arg);
    if (match === null) {
      if (!/^-./.test(arg)) break;
      if (arg === '--version') {
        yield* process.print('GNU Awk 5.2.1, API 3.2\n');
        return 0;
      }
      if (/^--(posix|re-interval|traditional|sandbox)$/.test(arg)) continue;
      yield* process.printError(`awk: unrecognized option '${arg}'\n${USAGE}`);
      return 1;
    }
    const value = match[2] !== '' ? (match[2] as string) : args[++at];
    if (value === undefined) {
      yield* process.printError(`awk: option requires an argument -- ${match[1]}\n${USAGE}`);
      return 1;
    }
    if (match[1] === 'F') separator = value;
    else if (match[1] === 'v') assignments.push(value);
    else {
      const text = yield* readWholeText(process.files, value);
      if (!text.ok) {
        yield* process.printError(
          `awk: fatal: cannot open source file \`${value}' for reading: ${strerror(text.error)}\n`,
        );
        return 2;
      }
      sources.push(text.value);
    }
  }
  if (sources.length === 0) {
    const program = args[at];
    if (program === undefined) {
      yield* process.printError(USAGE);
      return 1;
    }
    sources.push(program);
    at += 1;
  }
  const program = parseAwk(sources.join('\n'));
  if (program.error !== undefined) {
    const { line, message, near } = program.error;
    const text = sources.join('\n').split('\n')[line - 1] ?? '';
    const place = Math.max(0, text.indexOf(near));
    yield* process.printError(
      `awk: cmd. line:${line}: ${text}\nawk: cmd. line:${line}: ${' '.repeat(place)}^ ${message}\n`,
    );
    return 1;
  }
  const machine = new Machine(process, program, args.slice(at));
  if (separator !== undefined)
    machine.setVariable('FS', separator === 't' ? '\t' : unescapeString(separator));
  for (const assignment of assignments) {
    const equals = assignment.indexOf('=');
    machine.setVariable(
      assignment.slice(0, equals),
      inputValue(unescapeString(assignment.slice(equals + 1))),
    );
  }
  yield* runProgram(machine, program.rules);
  yield* machine.out.flush();
  if (machine.fault !== undefined) {
    yield* process.printError(`awk: cmd. line:1: fatal: ${machine.fault}\n`);
    machine.code = 2;
  }
  yield* machine.streams.closeAll();
  return machine.code;
});

function* runProgram(machine: Machine, rules: readonly Rule[]): Task<void> {
  let flow: Flow;
  for (const rule of rules) {
    if (rule.kind === 'BEGIN' && rule.body !== undefined && flow !== 'exit')
      flow = yield* machine.run(rule.body);
  }
  const main = rules.filter((rule) => rule.kind === 'pattern');
  const hasEnd = rules.some((rule) => rule.kind === 'END');
  if (flow !== 'exit' && (main.length > 0 || hasEnd)) yield* mainLoop(machine, main);
  if (machine.fault !== undefined) return;
  for (const rule of rules) {
    if (rule.kind !== 'END' || rule.body === undefined) continue;
    if ((yield* machine.run(rule.body)) === 'exit') return;
  }
}

function* mainLoop(machine: Machine, rules: readonly Rule[]): Task<void> {
  const open = new Set<Rule>();
  while (machine.fault === undefined && (yield* machine.nextRecord())) {
    for (const rule of rules) {
      if (!(yield* selects(machine, rule, open))) continue;
      let flow: Flow;
      if (rule.body === undefined)
        yield* machine.out.write(machine.recordText() + machine.textVariable('ORS'));
      else flow = yield* machine.run(rule.body);
      if (flow === 'exit') return;
      if (flow === 'nextfile') machine.skipFile();
      if (flow !== undefined) break;
    }
  }
}

function* selects(machine: Machine, rule: Rule, open: Set<Rule>): Task<boolean> {
  if (rule.pattern === undefined) return true;
  if (rule.last === undefined) return isTrue(yield* machine.eval(rule.pattern));
  if (!open.has(rule)) {
    if (!isTrue(yield* machine.eval(rule.pattern))) return false;
    open.add(rule);
  }
  if (isTrue(yield* machine.eval(rule.last))) open.delete(rule);
  return true;
}
