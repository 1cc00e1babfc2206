/**
 * The protocol between the page and the simulation worker: versioned plain data, few verbs. The page
 * sends requests, each with a number, and gets one answer each; the worker sends batches of what
 * changed, at most 30 a second and 64 KB each. Nothing here has behaviour but the size limits.
 */

export const PROTOCOL_VERSION = 1;
export const BATCHES_PER_SECOND_MAX = 30;
export const BATCH_BYTES_MAX = 64 * 1024;

// ---------------------------------------------------------------------------------------------
// What a lab is made from

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
  | { readonly kind: 'open-terminal'; readonly terminal: number; readonly columns: number; readonly rows: number }
  | { readonly kind: 'close-terminal'; readonly terminal: number }
  | { readonly kind: 'resize'; readonly terminal: number; readonly columns: number; readonly rows: number }
  /** A whole line from the line editor, without its newline. */
  | { readonly kind: 'line'; readonly terminal: number; readonly text: string }
  /** Raw keys: in raw mode, or control keys (\x03 Ctrl-C, \x04 Ctrl-D, \x1a Ctrl-Z) at any time. */
  | { readonly kind: 'keys'; readonly terminal: number; readonly text: string }
  /** The person's editor saved or dropped a file in the workstation's home. */
  | { readonly kind: 'file'; readonly path: string; readonly text: string | null }
  /** The answer to `edit` of a terminal: saved text, or null when it was closed. */
  | { readonly kind: 'edited'; readonly terminal: number; readonly text: string | null }
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
  /** Story hash at the stop time, 8 hex digits. */
  readonly story: string;
  readonly marks: readonly { readonly time: number; readonly name: string }[];
  readonly view: Readonly<Record<string, string>>;
}

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

export type Request =
  | { readonly verb: 'open'; readonly saved: SavedLab; readonly runAtOnce: boolean }
  | { readonly verb: 'input'; readonly input: LabInput }
  | { readonly verb: 'time'; readonly command: TimeCommand }
  /** Rows and objects as they were at a time; null goes back to live. */
  | { readonly verb: 'look'; readonly time: number | null }
  /** Drops the future after a time: replays up to it; the answer comes when the lab is there. */
  | { readonly verb: 'fork'; readonly time: number }
  /** One object as it is (or was, when looking): answers ObjectAnswer. */
  | { readonly verb: 'object'; readonly key: string }
  /** Answers ExplainAnswer. */
  | { readonly verb: 'explain'; readonly key: string }
  /** Scheduling attempts of a pod: answers SchedulingAnswer. */
  | { readonly verb: 'scheduling'; readonly key: string }
  /** Walks of recorded packets, newest first; `key` a pod, service, or empty for all: answers PacketAnswer. */
  | { readonly verb: 'packets'; readonly key: string }
  /** Records in a span of time for the lanes: answers RecordsAnswer. */
  | { readonly verb: 'records'; readonly from: number; readonly to: number }
  /** Completion at the prompt: answers CompletionAnswer. */
  | { readonly verb: 'complete-line'; readonly terminal: number; readonly text: string; readonly cursor: number }
  /** Editor help on a YAML text: answers CompletionAnswer, HoverAnswer, MarkersAnswer. */
  | { readonly verb: 'complete-yaml'; readonly text: string; readonly offset: number }
  | { readonly verb: 'hover-yaml'; readonly text: string; readonly offset: number }
  | { readonly verb: 'check-yaml'; readonly path: string; readonly text: string }
  /** A file of the workstation's home: answers { text } or null. */
  | { readonly verb: 'read-file'; readonly path: string }
  | { readonly verb: 'list-files' }
  /** Answers SavedLab. */
  | { readonly verb: 'save' }
  /** Scenario: which step is shown, and reset to its start by replay. */
  | { readonly verb: 'scenario-step'; readonly step: number }
  | { readonly verb: 'scenario-reset' };

export interface ObjectAnswer {
  readonly key: string;
  /** YAML as kubectl get -o yaml prints it, without managedFields. */
  readonly yaml: string;
  readonly revision: number;
  readonly summary: ObjectRow | null;
  readonly events: readonly EventRow[];
  /** Revisions of this object: newest last. */
  readonly revisions: readonly { readonly revision: number; readonly time: number; readonly by: string }[];
  /** The three-column panel; rows that differ say who acts next. */
  readonly layers: readonly LayerRow[];
}

export interface LayerRow {
  readonly what: string;
  readonly desired: string;
  readonly observed: string;
  readonly real: string;
  /** `kubelet@node-2, 3.1 s`, or `nobody`. */
  readonly next: string;
}

export interface EventRow {
  readonly time: number;
  readonly type: string;
  readonly reason: string;
  readonly message: string;
  readonly from: string;
  readonly count: number;
}

/** A node of a `why` tree: a claim (a locale key with parameters), its evidence, its reasons. */
export interface WhyNode {
  readonly claim: string;
  readonly values: Readonly<Record<string, string>>;
  /** Clickable: an object field at a revision, a record, a packet, a scheduler cell. */
  readonly evidence: readonly WhyEvidence[];
  readonly because: readonly WhyNode[];
}

export interface WhyEvidence {
  readonly text: string;
  readonly kind: 'object' | 'record' | 'packet' | 'scheduling' | 'socket';
  /** Object key, record id, … */
  readonly target: string;
  readonly time: number;
}

export interface ExplainAnswer {
  readonly trees: readonly WhyNode[];
  readonly next: { readonly who: string; readonly what: string; readonly time: number } | null;
}

export interface SchedulingAttempt {
  readonly time: number;
  readonly attempt: number;
  readonly result: 'scheduled' | 'unschedulable' | 'error';
  readonly chosen: string;
  readonly message: string;
  readonly nodes: readonly string[];
  readonly filters: readonly { readonly plugin: string; readonly skipped: boolean; /** Per node: '' passed, '-' not reached, else the reason. */ readonly verdicts: readonly string[] }[];
  readonly scores: readonly { readonly plugin: string; readonly weight: number; readonly skipped: boolean; /** Per node; null: not scored. */ readonly raw: readonly (number | null)[]; readonly normalised: readonly (number | null)[]; readonly weighted: readonly (number | null)[] }[];
  readonly totals: readonly (number | null)[];
  /** True when scoring was left out because one node was feasible. */
  readonly single: boolean;
}

export interface SchedulingAnswer {
  readonly attempts: readonly SchedulingAttempt[];
  readonly queue: { readonly active: number; readonly backoff: number; readonly unschedulable: number };
}

export interface PacketHop {
  /** `pod/client`, `node-1`, `link node-1 → node-2`. */
  readonly where: string;
  /** `nat PREROUTING`, `route`, `link`, `socket`, `resolver`. */
  readonly stage: string;
  readonly text: string;
  readonly before: string;
  readonly after: string;
  /** Rules looked at; the matching one has `matched`. */
  readonly rules: readonly { readonly text: string; readonly chain: string; readonly matched: boolean; readonly failed: string; readonly action: string; readonly draw: string }[];
}

export interface PacketWalk {
  readonly id: number;
  readonly time: number;
  readonly title: string;
  readonly verdict: string;
  readonly hops: readonly PacketHop[];
}

export interface PacketAnswer {
  readonly walks: readonly PacketWalk[];
}

export interface RecordRow {
  readonly id: number;
  readonly time: number;
  readonly cause: number;
  readonly component: string;
  readonly verb: string;
  readonly object: string;
  readonly revision: number;
  readonly note: string;
}

export interface RecordsAnswer {
  readonly records: readonly RecordRow[];
}

export interface CompletionAnswer {
  /** Replaces `from`…cursor. */
  readonly from: number;
  readonly items: readonly { readonly text: string; readonly detail: string; readonly documentation: string }[];
}

export interface HoverAnswer {
  readonly from: number;
  readonly to: number;
  readonly markdown: string;
}

export interface Marker {
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  readonly endColumn: number;
  readonly severity: 'error' | 'warning';
  readonly message: string;
  /** A replacement that would mend it, or empty. */
  readonly fix: string;
}

export interface MarkersAnswer {
  readonly markers: readonly Marker[];
}

// ---------------------------------------------------------------------------------------------
// Worker to page

/** State words of design/README: glyph and colour follow from it. */
export type StateWord =
  | 'ok' | 'progress' | 'pending' | 'warn' | 'fail' | 'terminating' | 'stale' | 'done' | 'off';

/** One row of the mirror: what lists, the map and the inspector's head need of an object. */
export interface ObjectRow {
  /** `Pod/default/web-1`, `Node/node-1`. */
  readonly key: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly state: StateWord;
  /** kubectl's own word: Running, CrashLoopBackOff, Ready, Active. */
  readonly status: string;
  /** Cells of the kind's table as kubectl prints them, ages excepted. */
  readonly cells: readonly (string | number)[];
  readonly created: number;
  readonly revision: number;
  readonly owner: string;
  /** Pods: the node; empty otherwise. */
  readonly node: string;
  readonly ip: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Services: keys of the pods behind ready endpoints. Nodes: usage in percent as text. */
  readonly links: readonly string[];
  readonly extra: Readonly<Record<string, string>>;
}

export interface Batch {
  readonly protocol: typeof PROTOCOL_VERSION;
  /** Simulated microseconds, and the newest revision. */
  readonly time: number;
  readonly revision: number;
  readonly running: boolean;
  readonly speed: number;
  readonly quiet: boolean;
  /** Set while the page looks at the past. */
  readonly looking: number | null;
  readonly rows: { readonly set: readonly ObjectRow[]; readonly removed: readonly string[]; /** True: forget all rows first. */ readonly reset: boolean };
  readonly terminals: readonly TerminalOutput[];
  /** Marks for the time lanes since the last batch. */
  readonly marks: readonly LaneMark[];
  /** Requests that moved since the last batch, for the map: at most 60. */
  readonly traffic: readonly { readonly from: string; readonly to: string; readonly service: string; readonly count: number; readonly failed: number }[];
  readonly faults: readonly { readonly name: string; readonly text: string; readonly target: string; readonly since: number }[];
  readonly hosts: readonly HostRow[];
  readonly scenario: ScenarioState | null;
  /** A program asks for the person's editor. */
  readonly edits: readonly { readonly terminal: number; readonly name: string; readonly text: string }[];
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
  /** Finished commands, for the transcript: line, exit status, output, tables. */
  readonly finished: readonly { readonly line: string; readonly code: number; readonly started: number; readonly ended: number; readonly output: string }[];
}

export interface LaneMark {
  readonly time: number;
  readonly lane: 'you' | 'faults' | 'writes' | 'events' | 'scheduler' | 'controllers' | 'kubelets' | 'proxy';
  readonly id: number;
  readonly text: string;
  readonly warning: boolean;
}

export interface HostRow {
  readonly name: string;
  readonly powered: boolean;
  readonly cpuPercent: number;
  readonly memoryPercent: number;
}

export interface ScenarioState {
  readonly id: string;
  readonly step: number;
  readonly tasks: readonly { readonly id: string; readonly passed: boolean; readonly passedAt: number | null; /** What is seen and what is wanted: locale key and values. */ readonly feedback: string; readonly values: Readonly<Record<string, string>> }[];
  readonly hints: readonly { readonly id: string; readonly due: boolean }[];
}

/** The simulation stopped on an assertion of ours: never a blank page. */
export interface Problem {
  readonly assertion: string;
  readonly time: number;
  readonly seed: number;
  readonly inputs: number;
  /** Replays to just before. */
  readonly saved: SavedLab;
}

export type Answer =
  | { readonly ok: true; readonly value: unknown }
  /** `error` is a locale key with values, or upstream's own words. */
  | { readonly ok: false; readonly error: string; readonly values?: Readonly<Record<string, string>> };

export type ToWorker = { readonly id: number; readonly request: Request };
export type FromWorker =
  | { readonly id: number; readonly answer: Answer }
  | { readonly batch: Batch }
  | { readonly ready: true; readonly protocol: number; readonly engine: string };
