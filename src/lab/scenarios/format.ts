/**
 * The format of a scenario: its logic (language-neutral, from `scenario.yaml`), its words (one file per
 * language), and pure questions about both. The page shows a guide from these; the worker parses and
 * checks them. Types and pure functions only: this file imports nothing at run time.
 *
 * Task kinds of format 1: state, request, command, call, hold. `answer` and `predict` are refused by the
 * parser until the clock can wait for an answer.
 */

/** Languages that every scenario of the library has. */
export const SCENARIO_LANGUAGES = ['en', 'zh-CN'] as const;
export type ScenarioLanguage = (typeof SCENARIO_LANGUAGES)[number];

export type Level = 'beginner' | 'intermediate' | 'advanced';

export interface Scenario {
  readonly format: 1;
  readonly id: string;
  readonly level: Level;
  /** How long it takes a person. */
  readonly minutes: number;
  readonly seed: number;
  readonly profile: 'modern' | 'seed-era';
  /** Workers beside cp-1. */
  readonly nodes: number;
  /** What the engine must have: `k8s>=1.30`. */
  readonly needs: readonly string[];
  /** Manifests of the home directory that are applied before step 1. */
  readonly start: readonly string[];
  /** Panes that are open at the start. */
  readonly open: readonly string[];
  readonly steps: readonly Step[];
}

export interface Step {
  readonly id: string;
  readonly tasks: readonly Task[];
  /** In order: nudge, pointer, command; then those with `when`. */
  readonly hints: readonly Hint[];
  /** The script of `solution/` that does the step, by name. */
  readonly solve: string;
  readonly never: readonly Never[];
  /** Presenter stop: before the task with this id; empty: none. */
  readonly pause: string;
}

export type Task = StateTask | RequestTask | CommandTask | CallTask | HoldTask;

interface TaskBase {
  /** Unique in the scenario. */
  readonly id: string;
  /** Is looked at only once the task with this id has passed; empty: at once. */
  readonly after: string;
}

/** Objects are as described. */
export interface StateTask extends TaskBase {
  readonly kind: 'state';
  readonly check: ObjectCheck;
  /** What was so when the task began does not count until it has been otherwise. */
  readonly becomes: boolean;
}

/** Requests sent from a pod are answered as described. */
export interface RequestTask extends TaskBase {
  readonly kind: 'request';
  readonly send: Send;
  readonly expect: Expectation;
}

/** A command of this form was typed. */
export interface CommandTask extends TaskBase {
  readonly kind: 'command';
  /** A regular expression that finds its match anywhere in the line. */
  readonly matches: string;
}

/** A pod called a Service, by whatever command and with whatever answer. */
export interface CallTask extends TaskBase {
  readonly kind: 'call';
  /** The Service; of its check only the name counts. */
  readonly to: ObjectCheck;
}

/** Objects stay as described for so many simulated seconds on end. */
export interface HoldTask extends TaskBase {
  readonly kind: 'hold';
  readonly check: ObjectCheck;
  readonly seconds: number;
}

/** Fails the attempt when it becomes true. */
export interface Never {
  readonly id: string;
  readonly check: ObjectCheck;
}

/**
 * One object by name (`Deployment/backend-v2`, `Pod/kube-system/etcd-cp-1`), or with `Kind/*` all of a
 * kind that the selector and the `where` conditions match, whose number `count` judges.
 */
export interface ObjectCheck {
  readonly kind: string;
  /** Empty for what has none. */
  readonly namespace: string;
  /** `*` for all. */
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly where: readonly Where[];
  /** For `*`: how many must match; default: at least one. */
  readonly count: Condition | undefined;
}

export interface Where {
  /** `spec.ports[0].port`, `status.conditions[type=Ready].status`, `spec.containers[*].image`. */
  readonly path: string;
  readonly condition: Condition;
}

export type Operator =
  | '='
  | '!='
  | '>'
  | '>='
  | '<'
  | '<='
  | '~'
  | 'exists'
  | 'absent'
  | CountOperator;

/** How many values the path finds. */
export type CountOperator = `count${'=' | '!=' | '>' | '>=' | '<' | '<='}`;

/** A comparison. `operand` is empty for exists and absent. */
export interface Condition {
  readonly operator: Operator;
  readonly operand: string;
  /** For `=` on percentages: `10%±5` has tolerance 5. */
  readonly tolerance: number;
}

export interface Send {
  /** `pod/client`, `pod/default/client`. */
  readonly from: string;
  readonly url: string;
  readonly times: number;
}

export interface Expectation {
  /** The status that every answer must have; 0: any. */
  readonly status: number;
  /** What share of the bodies contains a text. */
  readonly share: { readonly of: string; readonly is: Condition } | undefined;
  /** How many different bodies there must be. */
  readonly bodies: Condition | undefined;
}

export interface Hint {
  /** Key of its words among the step's hints. */
  readonly say: string;
  /** What it points at. */
  readonly show: HintTarget | undefined;
  /** The command that it offers; empty: none. */
  readonly run: string;
  /** Shown on its own when this is so: a known wrong turn. */
  readonly when: ObjectCheck | undefined;
}

export interface HintTarget {
  readonly pane: string;
  /** A file of the home directory, or empty. */
  readonly path: string;
  /** 1-based; 0: none. */
  readonly line: number;
  /** An object to select, or empty: `Deployment/default/backend-v2`. */
  readonly object: string;
}

// ---------------------------------------------------------------------------------------------
// Words

/** A scenario in one language. */
export interface ScenarioText {
  readonly language: string;
  readonly title: string;
  /** The catalogue's track. */
  readonly track: string;
  /** One or two sentences for the catalogue's card. */
  readonly summary: string;
  /** Markdown before the first step. */
  readonly intro: string;
  /** By step id, in the file's order. */
  readonly steps: readonly StepText[];
  /** Task titles by task id, and `never` by its id. */
  readonly tasks: Readonly<Record<string, string>>;
  /** Hint texts by `say`. */
  readonly hints: Readonly<Record<string, string>>;
}

export interface StepText {
  readonly id: string;
  readonly title: string;
  /** Markdown; commands to click stand in fenced blocks marked `run`, output in plain ones. */
  readonly prose: string;
  /** Markdown for the speaker; empty: none. */
  readonly notes: string;
}

/** What a guide is drawn from: the answer to a question of the page. */
export interface Guide {
  readonly scenario: Scenario;
  readonly text: ScenarioText;
  /** The solution's script by step id. */
  readonly solutions: Readonly<Record<string, string>>;
}

/** A card of the catalogue. */
export interface ScenarioCard {
  readonly id: string;
  readonly level: Level;
  readonly minutes: number;
  readonly seed: number;
  readonly profile: 'modern' | 'seed-era';
  readonly nodes: number;
  readonly steps: number;
  readonly languages: readonly string[];
  readonly title: string;
  readonly track: string;
  readonly summary: string;
}

/**
 * Keys of what a check answers while it is red, with the values of each. Their sentences stand in the
 * page's text tables.
 */
export type FeedbackKey =
  /** {object}: there is none. */
  | 'check.missing'
  /** {object, path, seen, wanted}: `spec.replicas` is 3, wanted 10. */
  | 'check.value'
  /** {object, path, wanted}: the path finds nothing. */
  | 'check.no-value'
  /** {kind, labels, seen, wanted, of}: 3 match, 4 wanted, of 6 that there are. */
  | 'check.count'
  /** {task}: is looked at after that task. */
  | 'check.after'
  /** {step}: is looked at when the steps before are done. */
  | 'check.later'
  /** No command of this form was typed yet. */
  | 'check.not-typed'
  /** It was so before the task began. */
  | 'check.already'
  /** {service}: no pod called it yet. */
  | 'check.not-called'
  /** {from, url}: requests are under way. */
  | 'check.sending'
  /** {from, error}: the pod that is to send is not running. */
  | 'check.no-sender'
  /** {failed, times, url, error}: so many got no answer, the first with this error. */
  | 'check.unanswered'
  /** {seen, wanted, count, times, url}: so many answers had another status, the first this one. */
  | 'check.status'
  /** {seen, wanted, of, times}: 41 of 400 bodies contain it. */
  | 'check.share'
  /** {seen, wanted, times}: so many different answers. */
  | 'check.bodies'
  /** {seen, wanted}: true for so many seconds. */
  | 'check.hold'
  /** {never}: this happened; the attempt failed. */
  | 'check.never';

// ---------------------------------------------------------------------------------------------
// Questions

/** The words of a step; empty ones where the language lacks it. */
export function textOf(text: ScenarioText, step: Step): StepText {
  return (
    text.steps.find((one) => one.id === step.id) ?? {
      id: step.id,
      title: step.id,
      prose: '',
      notes: '',
    }
  );
}

/** A task's title, or its id where the language lacks it. */
export function taskTitle(text: ScenarioText, id: string): string {
  return Object.hasOwn(text.tasks, id) ? (text.tasks[id] ?? id) : id;
}

/** A hint's words, or its key where the language lacks them. */
export function hintText(text: ScenarioText, hint: Hint): string {
  return Object.hasOwn(text.hints, hint.say) ? (text.hints[hint.say] ?? hint.say) : hint.say;
}

/** `Deployment/default/backend-v2`, as views name an object; for lists the kind alone. */
export function objectKeyOf(check: ObjectCheck): string {
  if (check.name === '*') return check.kind;
  return check.namespace === ''
    ? `${check.kind}/${check.name}`
    : `${check.kind}/${check.namespace}/${check.name}`;
}

/** A comparison as people read it: `>= 3`, `10%±5`, `exists`. */
export function conditionText(condition: Condition): string {
  const { operator, operand, tolerance } = condition;
  const tail = tolerance > 0 ? `±${tolerance}` : '';
  const sign = operator.replace(/^count/, '');
  return sign === '=' ? `${operand}${tail}` : `${sign} ${operand}${tail}`.trim();
}
