/**
 * The protocol between the page and the simulation worker: versioned plain data, few verbs. The page
 * sends requests, each with a number, and gets one answer each; the worker sends batches of what
 * changed, at most 30 a second and 64 KB each. Nothing here has behaviour but the size limits.
 */
import type { LabInput, SavedLab } from '../../lab/input-types.ts';
import type {
  HostRow,
  LaneMark,
  ObjectRow,
  ScenarioState,
  TrafficFlow,
} from '../../lab/view-types.ts';

export type { LabBase, LabInput, SavedLab, TimedInput } from '../../lab/input-types.ts';
export type * from '../../lab/view-types.ts';

export const PROTOCOL_VERSION = 1;
export const BATCHES_PER_SECOND_MAX = 30;
export const BATCH_BYTES_MAX = 64 * 1024;

// ---------------------------------------------------------------------------------------------
// Page to worker

export type TimeCommand =
  | { readonly do: 'run' }
  | { readonly do: 'pause' }
  /** 0.1 … 20, or 0 for as fast as possible. */
  | { readonly do: 'speed'; readonly speed: number }
  | { readonly do: 'step-event' }
  | { readonly do: 'step-write' }
  | { readonly do: 'step-quiet' }
  | { readonly do: 'run-until'; readonly time: number };

/**
 * A fork, Reset step and undo are the page's: it opens a second worker with the saved lab (inputs cut at
 * the moment, `stop` set), and takes it in place of the first once `time` has reached `stop`.
 */
export type Request =
  | { readonly verb: 'open'; readonly saved: SavedLab; readonly runAtOnce: boolean }
  | { readonly verb: 'input'; readonly input: LabInput }
  | { readonly verb: 'time'; readonly command: TimeCommand }
  /** Rows and objects as they were at a time; null goes back to live. */
  | { readonly verb: 'look'; readonly time: number | null }
  /** One object as it is (or was, when looking): answers ObjectAnswer. */
  | { readonly verb: 'object'; readonly key: string }
  /** Answers ExplainAnswer. */
  | { readonly verb: 'explain'; readonly key: string }
  /** Scheduling attempts of a pod: answers SchedulingAnswer. */
  | { readonly verb: 'scheduling'; readonly key: string }
  /** Walks of recorded packets, newest first; `key` a pod, service, or empty for all: answers PacketAnswer. */
  | { readonly verb: 'packets'; readonly key: string }
  /** The newest records in a span of time, of one object, all (empty), or what led to one (`#512`): RecordsAnswer. */
  | {
      readonly verb: 'records';
      readonly key: string;
      readonly from: number;
      readonly to: number;
    }
  /** Completion at the prompt: answers CompletionAnswer. */
  | {
      readonly verb: 'complete-line';
      readonly terminal: number;
      readonly text: string;
      readonly cursor: number;
    }
  /** Editor help on a YAML text: answers CompletionAnswer, HoverAnswer, MarkersAnswer. */
  | { readonly verb: 'complete-yaml'; readonly text: string; readonly offset: number }
  | { readonly verb: 'hover-yaml'; readonly text: string; readonly offset: number }
  | { readonly verb: 'check-yaml'; readonly path: string; readonly text: string }
  /** A file of the workstation's home: answers { text } or null. */
  | { readonly verb: 'read-file'; readonly path: string }
  | { readonly verb: 'list-files' }
  /** Answers SavedLab, or its text as a link or a file. What is the page's own is kept with it. */
  | ({ readonly verb: 'save' | 'pack-link' | 'pack-file' } & Pick<SavedLab, 'view' | 'marks'>)
  /** Reads a link or the text of a file: answers SavedLab, or a locale key that says what is wrong. */
  | { readonly verb: 'unpack'; readonly text: string }
  /** Answers HashAnswer: to compare one run with another. */
  | { readonly verb: 'hash' }
  /** Cards of the scenarios that are built in: answers ScenarioCard[]. Needs no open lab. */
  | { readonly verb: 'catalogue'; readonly language: string }
  /** A scenario with its words and solutions: answers Guide (scenarios/format). Needs no open lab. */
  | { readonly verb: 'guide'; readonly scenario: string; readonly language: string }
  /** Scenario: which step is shown. One further than those done so far is a skip: it opens that step. */
  | { readonly verb: 'scenario-step'; readonly step: number };

// ---------------------------------------------------------------------------------------------
// Worker to page

export interface Batch {
  readonly protocol: typeof PROTOCOL_VERSION;
  /** Simulated microseconds, and the newest revision. */
  readonly time: number;
  readonly revision: number;
  /** The boot, or the replay of what was opened, is over. */
  readonly ready: boolean;
  readonly running: boolean;
  readonly speed: number;
  readonly quiet: boolean;
  /** Set while the page looks at the past. */
  readonly looking: number | null;
  readonly rows: {
    readonly set: readonly ObjectRow[];
    readonly removed: readonly string[] /** True: forget all rows first. */;
    readonly reset: boolean;
  };
  readonly terminals: readonly TerminalOutput[];
  /** Marks for the time lanes since the last batch. */
  readonly marks: readonly LaneMark[];
  /** Requests that moved since the last batch, for the map: at most 60. */
  readonly traffic: readonly TrafficFlow[];
  readonly faults: readonly {
    readonly name: string;
    readonly text: string;
    readonly target: string;
    readonly since: number;
  }[];
  /** Faults that were removed: the past has them. */
  readonly mended: readonly {
    readonly name: string;
    readonly text: string;
    readonly target: string;
    readonly since: number;
    readonly until: number;
  }[];
  readonly hosts: readonly HostRow[];
  readonly scenario: ScenarioState | null;
  /** A program asks for the person's editor. */
  readonly edits: readonly {
    readonly terminal: number;
    readonly name: string;
    readonly text: string;
  }[];
  readonly story: string;
  readonly problem: Problem | null;
}

export interface TerminalOutput {
  readonly terminal: number;
  readonly text: string;
  readonly mode: 'line' | 'raw';
  /** True when the innermost shell waits for a line. */
  readonly waiting: boolean;
  readonly title: string;
  readonly closed: boolean;
  /**
   * Input lines that stand in `text` (at an index), as the lab took them: the page draws its line until
   * then, and a replay shows what was typed. `keys` marks control keys shown as ^C.
   */
  readonly echoed?: readonly {
    readonly at: number;
    readonly line: string;
    readonly time: number;
    readonly keys: boolean;
  }[];
  /** Exit statuses of the commands that ended, each at an index in `text`: of the line echoed before it. */
  readonly finished: readonly { readonly at: number; readonly status: number }[];
}

/** The simulation stopped on an error of ours: never a blank page. */
export interface Problem {
  readonly assertion: string;
  readonly time: number;
  readonly seed: number;
  readonly inputs: number;
  /** A link's fragment: replays to just before the event that failed. */
  readonly link: string;
  /** The lab before the last input. */
  readonly saved: SavedLab;
}

export type Answer =
  | { readonly ok: true; readonly value: unknown }
  /** `error` is a locale key with values, or upstream's own words. */
  | {
      readonly ok: false;
      readonly error: string;
      readonly values?: Readonly<Record<string, string>>;
    };

export type ToWorker = { readonly id: number; readonly request: Request };
export type FromWorker =
  | { readonly id: number; readonly answer: Answer }
  | { readonly batch: Batch }
  | { readonly ready: true; readonly protocol: number; readonly engine: string };

export interface HashAnswer {
  readonly trace: string;
  readonly story: string;
  readonly time: number;
  readonly events: number;
}
