/**
 * What a lab shows of itself: plain data, made by `lab/views`, `why` and `scenarios`, sent to the page
 * by the worker and printed by the `lab` program.
 */

/** State words of design/README: glyph and colour follow from it. */
export type StateWord =
  | 'ok'
  | 'progress'
  | 'pending'
  | 'warn'
  | 'fail'
  | 'terminating'
  | 'stale'
  | 'done'
  | 'off';

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
  /** EndpointSlices: keys of the pods behind ready endpoints, and behind those that are not. */
  readonly links: readonly string[];
  readonly unready: readonly string[];
  readonly extra: Readonly<Record<string, string>>;
}

export interface HostRow {
  readonly name: string;
  readonly powered: boolean;
  readonly cpuPercent: number;
  readonly memoryPercent: number;
}

/** What a scenario reads of the recorded way of a packet: `Path` of the network. */
export interface FirstPacket {
  readonly tuple: { readonly protocol: number };
  readonly stages: readonly {
    readonly before: { readonly src: number; readonly dst: number } | undefined;
  }[];
}

export interface ScenarioState {
  readonly id: string;
  /** The step that the page shows, from 0. */
  readonly step: number;
  /** How far one may go: steps above this one wait for those before. */
  readonly open?: number;
  /** When each open step began, for Reset step. */
  readonly began?: readonly number[];
  /** A `never` that happened in an open step: the attempt failed; empty: none. */
  readonly failed?: string;
  readonly tasks: readonly {
    readonly id: string;
    readonly passed: boolean;
    readonly passedAt: number | null /** What is seen and what is wanted: locale key and values. */;
    readonly feedback: string;
    readonly values: Readonly<Record<string, string>>;
  }[];
  readonly hints: readonly { readonly id: string; readonly due: boolean }[];
}

export interface LaneMark {
  readonly time: number;
  readonly lane:
    | 'you'
    | 'faults'
    | 'writes'
    | 'events'
    | 'scheduler'
    | 'controllers'
    | 'kubelets'
    | 'proxy';
  readonly id: number;
  readonly text: string;
  readonly warning: boolean;
}

export interface ObjectAnswer {
  readonly key: string;
  /** YAML as kubectl get -o yaml prints it, without managedFields. */
  readonly yaml: string;
  readonly revision: number;
  readonly summary: ObjectRow | null;
  readonly events: readonly EventRow[];
  /** Revisions of this object: newest last. */
  readonly revisions: readonly {
    readonly revision: number;
    readonly time: number;
    readonly by: string;
  }[];
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
  readonly filters: readonly {
    readonly plugin: string;
    readonly skipped: boolean /** Per node: '' passed, '-' not reached, else the reason. */;
    readonly verdicts: readonly string[];
  }[];
  readonly scores: readonly {
    readonly plugin: string;
    readonly weight: number;
    readonly skipped: boolean /** Per node; null: not scored. */;
    readonly raw: readonly (number | null)[];
    readonly normalised: readonly (number | null)[];
    readonly weighted: readonly (number | null)[];
  }[];
  readonly totals: readonly (number | null)[];
  /** True when scoring was left out because one node was feasible. */
  readonly single: boolean;
}

export interface SchedulingAnswer {
  readonly attempts: readonly SchedulingAttempt[];
  readonly queue: {
    readonly active: number;
    readonly backoff: number;
    readonly unschedulable: number;
  };
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
  readonly rules: readonly {
    readonly text: string;
    readonly chain: string;
    readonly matched: boolean;
    readonly failed: string;
    readonly action: string;
    readonly draw: string;
  }[];
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
  /** Of a write: which fields, and from what each was learnt. */
  readonly learnt: readonly LearntRow[];
}

/** Fields that were written, and what they follow from. */
export interface LearntRow {
  /** `phase, conditions[Ready]` */
  readonly fields: string;
  readonly time: number;
  /** `cri`, `probe`, `exit` … */
  readonly kind: string;
  /** In words: `PodSandboxStatus 9f4c05b394878: SANDBOX_READY 10.244.1.2`. */
  readonly text: string;
  /** Number of the record behind it; 0: none. */
  readonly record: number;
}

export interface RecordsAnswer {
  /** How many there are; the newest of them are shown. */
  readonly total: number;
  readonly records: readonly RecordRow[];
}

export interface CompletionAnswer {
  /** Replaces `from`…cursor. */
  readonly from: number;
  readonly items: readonly {
    readonly text: string;
    readonly detail: string;
    readonly documentation: string;
  }[];
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

/** Requests from one place to a pod through a Service, for the map; keys of objects, '' where none. */
export interface TrafficFlow {
  readonly from: string;
  readonly to: string;
  readonly service: string;
  readonly count: number;
  readonly failed: number;
}
