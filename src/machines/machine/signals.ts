/**
 * Signals: default actions, who may send what, and the special standing of a namespace's process 1
 * (signal(7), pid_namespaces(7)): without a handler it gets nothing from its own namespace, and from
 * above only SIGKILL and SIGSTOP, which is why `sleep` as a container's first process outlives SIGTERM.
 */
import type { Signal } from './process.ts';

type Action = 'end' | 'stop' | 'continue' | 'nothing';

const NUMBERS: Readonly<Record<Signal, number>> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGKILL: 9,
  SIGUSR1: 10,
  SIGUSR2: 12,
  SIGPIPE: 13,
  SIGALRM: 14,
  SIGTERM: 15,
  SIGCHLD: 17,
  SIGCONT: 18,
  SIGSTOP: 19,
  SIGTSTP: 20,
  SIGWINCH: 28,
};

/** Linux's number on x86-64; exit codes are 128 more. */
export function signalNumber(signal: Signal): number {
  return NUMBERS[signal];
}

/** `9`, `KILL`, `SIGKILL`: what kill(1) takes; undefined when there is no such signal. */
export function parseSignal(text: string): Signal | undefined {
  const name = text.toUpperCase();
  for (const signal of Object.keys(NUMBERS) as Signal[]) {
    if (name === signal || `SIG${name}` === signal || text === `${NUMBERS[signal]}`) return signal;
  }
  return undefined;
}

/** What happens when nobody handles it. */
export function defaultAction(signal: Signal): Action {
  switch (signal) {
    case 'SIGSTOP':
    case 'SIGTSTP':
      return 'stop';
    case 'SIGCONT':
      return 'continue';
    case 'SIGCHLD':
    case 'SIGWINCH':
      return 'nothing';
    default:
      return 'end';
  }
}

/** Cannot be handled or ignored. */
export function isForced(signal: Signal): boolean {
  return signal === 'SIGKILL' || signal === 'SIGSTOP';
}
