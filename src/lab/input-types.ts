/**
 * What a lab is made from: its base, the inputs from outside that changed it, and both saved as a value.
 * Base + seed + inputs = the lab, byte for byte.
 */

/** Base of a lab: with a seed and an input log it is the whole lab. */
export interface LabBase {
  readonly profile: 'modern' | 'seed-era';
  /** Workers beside cp-1. */
  readonly nodes: number;
  /** Library scenario, or empty. Its files stand in the learner's home. */
  readonly scenario: string;
  /** More files in the learner's home, by path relative to it. */
  readonly files: Readonly<Record<string, string>>;
  /** Epoch microseconds; absent: the profile's. */
  readonly epoch?: number;
}

/** Everything from outside that can change the lab. */
export type LabInput =
  | {
      readonly kind: 'open-terminal';
      readonly terminal: number;
      readonly columns: number;
      readonly rows: number;
    }
  | { readonly kind: 'close-terminal'; readonly terminal: number }
  | {
      readonly kind: 'resize';
      readonly terminal: number;
      readonly columns: number;
      readonly rows: number;
    }
  /** A whole line from the line editor, without its newline. */
  | { readonly kind: 'line'; readonly terminal: number; readonly text: string }
  /** Raw keys: in raw mode, or control keys (\x03 Ctrl-C, \x04 Ctrl-D, \x1a Ctrl-Z) at any time. */
  | { readonly kind: 'keys'; readonly terminal: number; readonly text: string }
  /** The person's editor saved or dropped a file in the workstation's home. */
  | { readonly kind: 'file'; readonly path: string; readonly text: string | null }
  /** The answer to `edit` of a terminal: saved text, or null when it was closed. */
  | { readonly kind: 'edited'; readonly terminal: number; readonly text: string | null }
  /** A scenario's set-up: a script that the learner's shell runs at home, shown nowhere. */
  | { readonly kind: 'setup'; readonly text: string }
  /** A request that a scenario's check sends. */
  | { readonly kind: 'send'; readonly from: string; readonly url: string; readonly times: number };

export interface TimedInput {
  readonly time: number;
  readonly input: LabInput;
}

/** A saved lab or a link: differences from defaults only. */
export interface SavedLab {
  readonly format: 1;
  readonly engine: string;
  readonly base: LabBase;
  readonly seed: number;
  readonly inputs: readonly TimedInput[];
  readonly stop: number;
  /** Events run up to the stop; only where more were due at that very instant. */
  readonly events?: number | undefined;
  /** Story hash at the stop time, 8 hex digits. */
  readonly story: string;
  readonly marks: readonly { readonly time: number; readonly name: string }[];
  readonly view: Readonly<Record<string, string>>;
}
