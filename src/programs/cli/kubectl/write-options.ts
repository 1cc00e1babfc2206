/** What commands that write have in common: dry run, printing the result, and the line that tells it. */
import type { KubeObject } from '../../../ground/api/object.ts';
import { ok } from '../../../ground/base/result.ts';
import { quote } from '../../../ground/base/text.ts';
import type { Task } from '../../../ground/base/task.ts';
import type { Loose } from './api.ts';
import { fail, type Outcome } from './failure.ts';
import { type Mapping, named, typeName } from './mapper.ts';
import { type ObjectPrinter, printerFor, shown, structJson } from './print.ts';
import { type Session, shownGroup } from './session.ts';

export type DryRun = 'none' | 'client' | 'server';

/** Reads `--dry-run`; the bare flag and booleans are of an older time, which is told. */
export function dryRunOf(session: Session): Outcome<DryRun> {
  const value = session.flags.text('dry-run');
  if (value === '' || value === 'none') return ok('none');
  if (value === 'client' || value === 'server') return ok(value);
  const warn = (line: number, flag: string, now: DryRun): Outcome<DryRun> => {
    const text = `${flag} is deprecated${flag.includes('=') ? ' (boolean value)' : ''} and can be replaced with --dry-run=${now}.`;
    session.process.log('W', `helpers.go:${line}`, text);
    return ok(now);
  };
  if (value === 'unchanged') return warn(703, '--dry-run', 'client');
  if (/^(1|t|T|true|TRUE|True)$/.test(value)) return warn(717, `--dry-run=${value}`, 'client');
  if (/^(0|f|F|false|FALSE|False)$/.test(value)) return warn(720, `--dry-run=${value}`, 'none');
  return fail(`Invalid dry-run value (${value}). Must be "none", "server", or "client".`);
}

/** Tells what was done to an object: a line, or the object in the form of `-o`. */
export class Reporter {
  readonly #session: Session;
  readonly dryRun: DryRun;
  readonly #printer: ObjectPrinter | undefined;
  #first = true;

  private constructor(session: Session, dryRun: DryRun, printer: ObjectPrinter | undefined) {
    this.#session = session;
    this.dryRun = dryRun;
    this.#printer = printer;
  }

  /** `typed`: what is told is made of Go structs, which shows in the order of JSON's fields. */
  static of(session: Session, typed = false): Outcome<Reporter> {
    const dryRun = dryRunOf(session);
    if (!dryRun.ok) return dryRun;
    const form = session.flags.text('output');
    const printer =
      form === 'name'
        ? ok(undefined)
        : typed && form === 'json'
          ? ok((object: Loose) => ok(structJson(shown(session, object))))
          : printerFor(session, form);
    if (!printer.ok) return printer;
    return ok(new Reporter(session, dryRun.value, printer.value));
  }

  get client(): boolean {
    return this.dryRun === 'client';
  }

  get server(): boolean {
    return this.dryRun === 'server';
  }

  /** `deployment.apps/web created (dry run)`. */
  *tell(
    mapping: Mapping,
    object: KubeObject,
    what: string,
    suffix = this.suffix,
  ): Task<Outcome<number>> {
    if (this.#printer !== undefined) {
      const text = this.#printer(object as Loose, this.#first);
      this.#first = false;
      if (!text.ok) return fail(text.error);
      yield* this.#session.print(text.value);
      return ok(0);
    }
    const name = object.metadata.name ?? '';
    if (this.#session.flags.text('output') === 'name') {
      yield* this.#session.print(`${named(mapping, name)}\n`);
    } else {
      yield* this.#session.print(`${this.nameOf(mapping, name)} ${what}${suffix}\n`);
    }
    return ok(0);
  }

  /** kubectl of the seeds named deployments by their first group. */
  nameOf(mapping: Mapping, name: string): string {
    const group = shownGroup(this.#session, mapping.group);
    return `${typeName({ ...mapping, group })}/${name}`;
  }

  get suffix(): string {
    if (this.dryRun === 'none') return '';
    return this.dryRun === 'client' ? ' (dry run)' : ' (server dry run)';
  }

  get printsObjects(): boolean {
    return this.#printer !== undefined;
  }
}

/** What `--validate` may not be. */
export function invalidValidation(session: Session): string | undefined {
  const value = session.flags.text('validate');
  if (/^(1|t|T|true|TRUE|True|0|f|F|false|FALSE|False|strict|warn|ignore)$/.test(value))
    return undefined;
  return `invalid - validate option ${quote(value)}; must be one of: strict (or true), warn, ignore (or false)`;
}

/** The object as it is sent to be created: a revision in the file is not the server's business. */
export function unversioned(object: Loose): Loose {
  if (object.metadata.resourceVersion === undefined) return object;
  const { resourceVersion: _, ...metadata } = object.metadata;
  return { ...object, metadata } as Loose;
}

/** `--validate` as the server's fieldValidation. */
export function validationOf(session: Session): string {
  const value = session.flags.text('validate');
  if (value === 'false' || value === 'ignore') return 'Ignore';
  return value === 'warn' ? 'Warn' : 'Strict';
}

/** Flags of verbs that print objects. */
export const PRINT_FLAGS =
  "allow-missing-template-keys=true o output='' show-managed-fields=false template=''";
export const WRITE_FLAGS = `${PRINT_FLAGS} dry-run='none'?unchanged`;
/** `--record`, deprecated since 1.15 and still in many texts. */
export const RECORD_FLAG = 'record=false';
export const FILE_FLAGS = "f filename=[] k kustomize='' R recursive=false";
