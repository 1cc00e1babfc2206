/** The text and file tools, by the path under which a host or an image has them. */
import type { Program } from '../../machines/machine/process.ts';
import { bracket, clear, echo, falseTool, printf, pwd, sleep, test, trueTool, yes } from './basics.ts';
import { cat, nl, rev, tac, tee } from './cat.ts';
import { head, tail } from './head-tail.ts';
import { wc } from './wc.ts';

export interface Tool {
  readonly path: string;
  readonly program: Program;
}

export const TEXT_TOOLS: readonly Tool[] = [
  bin('true', trueTool),
  bin('false', falseTool),
  bin('echo', echo),
  bin('printf', printf),
  bin('test', test),
  bin('[', bracket),
  bin('sleep', sleep),
  bin('yes', yes),
  bin('pwd', pwd),
  bin('clear', clear),
  bin('cat', cat),
  bin('tac', tac),
  bin('rev', rev),
  bin('nl', nl),
  bin('tee', tee),
  bin('head', head),
  bin('tail', tail),
  bin('wc', wc),
];

function bin(name: string, program: Program): Tool {
  return { path: `/usr/bin/${name}`, program };
}
