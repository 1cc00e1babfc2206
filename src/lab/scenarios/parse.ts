/**
 * Reads the two files that a scenario is written in: its logic (`scenario.yaml`) and its words
 * (`en.md`, `zh-CN.md`). Nothing is accepted in silence: an unknown key, a kind that this version
 * lacks or a condition that cannot be read is a problem with its place.
 */
import { ok, err, type Result } from '../../ground/base/result.ts';
import { resourceOfKind } from './objects.ts';
import { parseYaml } from '../../ground/lang/yaml/index.ts';
import { compileRegexp } from '../../ground/lang/regexp.ts';
import { parseCondition, parsePath } from './conditions.ts';
import type {
  Condition,
  Expectation,
  Hint,
  HintTarget,
  Level,
  Never,
  ObjectCheck,
  Scenario,
  ScenarioText,
  Send,
  Step,
  StepText,
  Task,
  Where,
} from './format.ts';

/** Where a value stands, and what is wrong with it: `steps[0].tasks[1].where: …`. */
export type Problems = readonly string[];

const LEVELS: readonly Level[] = ['beginner', 'intermediate', 'advanced'];
const TASKS_MAX = 60;
const TIMES_MAX = 10_000;

export function parseScenario(text: string): Result<Scenario, Problems> {
  const stream = parseYaml(text);
  if (stream.error !== undefined) return err([stream.error.message]);
  const reader = new Reader();
  const scenario = reader.scenario(stream.documents[0]?.value);
  for (const one of stream.documents[0]?.duplicates ?? []) {
    reader.problem('', `the key "${String(one.path.at(-1))}" stands there twice`);
  }
  return reader.problems.length === 0 ? ok(scenario) : err(reader.problems);
}

type Fields = Readonly<Record<string, unknown>>;

/** Walks the YAML value and notes every problem; what cannot be read becomes a harmless default. */
class Reader {
  readonly problems: string[] = [];

  problem(path: string, message: string): void {
    this.problems.push(path === '' ? message : `${path}: ${message}`);
  }

  scenario(value: unknown): Scenario {
    const fields = this.fields(value, '', [
      'format',
      'id',
      'needs',
      'level',
      'minutes',
      'seed',
      'profile',
      'cluster',
      'start',
      'layout',
      'steps',
    ]);
    if (fields['format'] !== 1) this.problem('format', 'this version reads format 1');
    const cluster = this.fields(fields['cluster'] ?? {}, 'cluster', ['nodes']);
    const layout = this.fields(fields['layout'] ?? {}, 'layout', ['open']);
    const profile = fields['profile'] ?? 'modern';
    if (profile !== 'modern' && profile !== 'seed-era') {
      this.problem('profile', 'modern or seed-era');
    }
    const steps = this.list(fields['steps'], 'steps').map((step, index) =>
      this.#step(step, `steps[${index}]`),
    );
    const tasks = steps.reduce((sum, step) => sum + step.tasks.length, 0);
    if (tasks > TASKS_MAX) this.problem('steps', `${tasks} tasks; at most ${TASKS_MAX}`);
    return {
      format: 1,
      id: this.#id(fields['id'], 'id'),
      level: this.#oneOf(fields['level'], 'level', LEVELS, 'beginner'),
      minutes: this.#number(fields['minutes'], 'minutes', 1, 600, 15),
      seed: this.#number(fields['seed'] ?? 7, 'seed', 0, 2 ** 31, 7),
      profile: profile === 'seed-era' ? 'seed-era' : 'modern',
      nodes: this.#number(cluster['nodes'] ?? 3, 'cluster.nodes', 1, 100, 3),
      needs: this.#texts(fields['needs'], 'needs'),
      start: this.#texts(fields['start'], 'start').map((path) => this.#inFolder(path, 'files')),
      open: this.#texts(layout['open'], 'layout.open'),
      steps,
    };
  }

  #step(value: unknown, path: string): Step {
    const fields = this.fields(value, path, ['id', 'tasks', 'hints', 'solve', 'never', 'pause']);
    const pause = this.fields(fields['pause'] ?? {}, `${path}.pause`, ['before']);
    return {
      id: this.#id(fields['id'], `${path}.id`),
      tasks: this.list(fields['tasks'], `${path}.tasks`).map((task, index) =>
        this.#task(task, `${path}.tasks[${index}]`),
      ),
      hints: this.list(fields['hints'] ?? [], `${path}.hints`).map((hint, index) =>
        this.#hint(hint, `${path}.hints[${index}]`),
      ),
      solve: this.#inFolder(this.#text(fields['solve'], `${path}.solve`), 'solution'),
      never: this.list(fields['never'] ?? [], `${path}.never`).map((never, index) =>
        this.#never(never, `${path}.never[${index}]`),
      ),
      pause: this.#text(pause['before'] ?? '', `${path}.pause.before`),
    };
  }

  #task(value: unknown, path: string): Task {
    const kind = this.#text((value as Fields | null)?.['kind'], `${path}.kind`);
    const common = ['id', 'kind', 'after'];
    const read = (
      keys: readonly string[],
    ): { fields: Fields; base: { id: string; after: string } } => {
      const fields = this.fields(value, path, [...common, ...keys]);
      const after = this.#text(fields['after'] ?? '', `${path}.after`);
      return { fields, base: { id: this.#id(fields['id'], `${path}.id`), after } };
    };
    switch (kind) {
      case 'request': {
        const { fields, base } = read(['send', 'expect']);
        const send = this.#send(fields['send'], `${path}.send`);
        return { ...base, kind, send, expect: this.#expect(fields['expect'], `${path}.expect`) };
      }
      case 'command': {
        const { fields, base } = read(['matches']);
        const matches = this.#text(fields['matches'], `${path}.matches`);
        const compiled = compileRegexp(matches);
        if (!compiled.ok) this.problem(`${path}.matches`, compiled.error);
        return { ...base, kind, matches };
      }
      case 'call': {
        const { fields, base } = read(['to']);
        const to = this.#check({ object: fields['to'] }, `${path}.to`);
        if (to.kind !== 'Service' || to.name === '*')
          this.problem(`${path}.to`, 'a Service by name: Service/backend');
        return { ...base, kind, to };
      }
      case 'hold': {
        const { fields, base } = read([...CHECK_KEYS, 'seconds']);
        const seconds = this.#number(fields['seconds'], `${path}.seconds`, 1, 600, 1);
        return { ...base, kind, check: this.#check(fields, path), seconds };
      }
      default: {
        if (kind !== 'state') {
          this.problem(
            `${path}.kind`,
            `"${kind}": this version has state, request, command, call, hold`,
          );
        }
        const { fields, base } = read([...CHECK_KEYS, 'becomes']);
        const becomes = fields['becomes'] ?? false;
        if (typeof becomes !== 'boolean') this.problem(`${path}.becomes`, 'true or false');
        return {
          ...base,
          kind: 'state',
          check: this.#check(fields, path),
          becomes: becomes === true,
        };
      }
    }
  }

  #never(value: unknown, path: string): Never {
    const fields = this.fields(value, path, ['id', ...CHECK_KEYS]);
    return { id: this.#id(fields['id'], `${path}.id`), check: this.#check(fields, path) };
  }

  #hint(value: unknown, path: string): Hint {
    const fields = this.fields(value, path, ['say', 'show', 'run', 'when']);
    const when = fields['when'];
    return {
      say: this.#id(fields['say'], `${path}.say`),
      show: this.#target(fields['show'], `${path}.show`),
      run: this.#text(fields['run'] ?? '', `${path}.run`),
      when:
        when === undefined
          ? undefined
          : this.#check(this.fields(when, `${path}.when`, CHECK_KEYS), `${path}.when`),
    };
  }

  #target(value: unknown, path: string): HintTarget | undefined {
    if (value === undefined) return undefined;
    const fields = this.fields(value, path, ['pane', 'path', 'line', 'object']);
    return {
      pane: this.#text(fields['pane'], `${path}.pane`),
      path: this.#text(fields['path'] ?? '', `${path}.path`),
      line: this.#number(fields['line'] ?? 0, `${path}.line`, 0, 100_000, 0),
      object: this.#text(fields['object'] ?? '', `${path}.object`),
    };
  }

  /** `object: Kind/name`, `Kind/namespace/name` or `Kind/*` with its conditions. */
  #check(fields: Fields, path: string): ObjectCheck {
    const parts = this.#text(fields['object'], `${path}.object`).split('/');
    const kind = parts[0] ?? '';
    const resource = resourceOfKind(kind);
    if (resource === undefined) this.problem(`${path}.object`, `there is no kind "${kind}"`);
    if (parts.length < 2 || parts.length > 3) {
      this.problem(`${path}.object`, 'Kind/name or Kind/namespace/name');
    }
    const namespace =
      resource?.namespaced === false ? '' : parts.length === 3 ? parts[1] : 'default';
    const labels = this.fields(fields['labels'] ?? {}, `${path}.labels`, undefined);
    const count = fields['count'];
    const name = parts.at(-1) ?? '';
    if (name !== '*' && (count !== undefined || Object.keys(labels).length > 0)) {
      this.problem(path, 'labels and count go with Kind/*');
    }
    return {
      kind,
      namespace: namespace ?? '',
      name,
      labels: Object.fromEntries(
        Object.entries(labels).map(([key, one]) => [key, this.#text(one, `${path}.labels.${key}`)]),
      ),
      where: this.#where(fields['where'], `${path}.where`),
      count: count === undefined ? undefined : this.#condition(count, `${path}.count`),
    };
  }

  #where(value: unknown, path: string): readonly Where[] {
    const fields = this.fields(value ?? {}, path, undefined);
    return Object.entries(fields).map(([key, condition]) => {
      const parsed = parsePath(key);
      if (!parsed.ok) this.problem(path, parsed.error);
      return { path: key, condition: this.#condition(condition, `${path}.${key}`) };
    });
  }

  #condition(value: unknown, path: string): Condition {
    const parsed = parseCondition(value);
    if (parsed.ok) return parsed.value;
    this.problem(path, parsed.error);
    return { operator: 'exists', operand: '', tolerance: 0 };
  }

  #send(value: unknown, path: string): Send {
    const fields = this.fields(value, path, ['from', 'get', 'times']);
    const from = this.#text(fields['from'], `${path}.from`);
    const url = this.#text(fields['get'], `${path}.get`);
    if (!/^pod\/[\w.-]+(\/[\w.-]+)?$/.test(from)) this.problem(`${path}.from`, 'pod/name');
    if (!/^http:\/\/[^\s/:]+(:\d+)?(\/\S*)?$/.test(url)) {
      this.problem(`${path}.get`, 'an address such as http://backend/hello');
    }
    return {
      from,
      url,
      times: this.#number(fields['times'] ?? 1, `${path}.times`, 1, TIMES_MAX, 1),
    };
  }

  #expect(value: unknown, path: string): Expectation {
    const fields = this.fields(value, path, ['status', 'share', 'bodies']);
    const share = fields['share'];
    const bodies = fields['bodies'];
    const inner = share === undefined ? {} : this.fields(share, `${path}.share`, ['of', 'is']);
    return {
      status: this.#number(fields['status'] ?? 0, `${path}.status`, 0, 999, 0),
      share:
        share === undefined
          ? undefined
          : {
              of: this.#text(inner['of'], `${path}.share.of`),
              is: this.#condition(inner['is'], `${path}.share.is`),
            },
      bodies: bodies === undefined ? undefined : this.#condition(bodies, `${path}.bodies`),
    };
  }

  // ---- plain values

  /** A mapping with known keys only (`undefined`: any). */
  fields(value: unknown, path: string, known: readonly string[] | undefined): Fields {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      this.problem(path, 'a mapping is wanted');
      return {};
    }
    for (const key of Object.keys(value)) {
      if (known !== undefined && !known.includes(key)) {
        this.problem(path, `unknown key "${key}"; this version knows ${known.join(', ')}`);
      }
    }
    return value as Fields;
  }

  list(value: unknown, path: string): readonly unknown[] {
    if (Array.isArray(value)) return value;
    this.problem(path, 'a list is wanted');
    return [];
  }

  #text(value: unknown, path: string): string {
    if (typeof value === 'string') return value;
    this.problem(path, 'a text is wanted');
    return '';
  }

  #texts(value: unknown, path: string): readonly string[] {
    return this.list(value ?? [], path).map((one, index) => this.#text(one, `${path}[${index}]`));
  }

  #id(value: unknown, path: string): string {
    const text = this.#text(value, path);
    if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(text)) {
      this.problem(path, `"${text}": small letters, digits and dashes`);
    }
    return text;
  }

  #number(value: unknown, path: string, low: number, high: number, otherwise: number): number {
    if (typeof value === 'number' && Number.isInteger(value) && value >= low && value <= high)
      return value;
    this.problem(path, `a whole number from ${low} to ${high}`);
    return otherwise;
  }

  #oneOf<T extends string>(value: unknown, path: string, all: readonly T[], otherwise: T): T {
    const found = all.find((one) => one === value);
    if (found === undefined) this.problem(path, all.join(', '));
    return found ?? otherwise;
  }

  /** `files/client.yaml` → `client.yaml`. */
  #inFolder(path: string, folder: string): string {
    if (path !== '' && !path.startsWith(`${folder}/`)) this.problem(path, `stands in ${folder}/`);
    return path.slice(folder.length + 1);
  }
}

const CHECK_KEYS = ['object', 'labels', 'where', 'count'] as const;

// ---------------------------------------------------------------------------------------------
// Words

/**
 * Reads a language file: YAML between `---` lines (title, track, summary, tasks, hints), markdown, and
 * one `## Title {#step-id}` section per step, with notes for the speaker between `::: notes` and `:::`.
 */
export function parseText(language: string, source: string): Result<ScenarioText, Problems> {
  const head = /^---\n([\s\S]*?\n)---\n/.exec(source);
  if (head === null) return err([`${language}: begins with --- and its titles`]);
  const stream = parseYaml(head[1] ?? '');
  if (stream.error !== undefined) return err([`${language}: ${stream.error.message}`]);
  const reader = new Reader();
  const known = ['title', 'track', 'summary', 'tasks', 'hints'];
  const fields = reader.fields(stream.documents[0]?.value, language, known);
  const words = (name: string): Readonly<Record<string, string>> =>
    Object.fromEntries(
      Object.entries(reader.fields(fields[name] ?? {}, `${language}.${name}`, undefined)).map(
        ([key, value]) => [key, String(value)],
      ),
    );
  const plain = (name: string): string => String(fields[name] ?? '');
  const parts = source.slice(head[0].length).split(/^## /m);
  const steps = parts.slice(1).map((part) => sectionOf(part, language, reader));
  const text: ScenarioText = {
    language,
    title: plain('title'),
    track: plain('track'),
    summary: plain('summary'),
    intro: (parts[0] ?? '').trim(),
    steps,
    tasks: words('tasks'),
    hints: words('hints'),
  };
  return reader.problems.length === 0 ? ok(text) : err(reader.problems);
}

function sectionOf(part: string, language: string, reader: Reader): StepText {
  const end = part.indexOf('\n');
  const heading = /^(.*?)\s*\{#([\w-]+)\}\s*$/.exec(end < 0 ? part : part.slice(0, end));
  if (heading === null) reader.problem(language, `"## ${part.slice(0, 40)}": no {#step-id}`);
  const notes: string[] = [];
  const prose = (end < 0 ? '' : part.slice(end + 1)).replace(
    /^::: notes\n([\s\S]*?)^:::\n?/gm,
    (_, inner: string) => {
      notes.push(inner.trim());
      return '';
    },
  );
  return {
    id: heading?.[2] ?? '',
    title: heading?.[1] ?? '',
    prose: prose.trim(),
    notes: notes.join('\n\n'),
  };
}
