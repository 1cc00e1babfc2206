/** Nothing is selected: what is not healthy now, the worst first, each with its why. */
import type { ObjectRow, StateWord } from '../../worker/protocol.ts';
import { runCommand } from '../actions/lab.ts';
import { booted, faultsShown, hosts, inPast, rows } from '../mirror/mirror.ts';
import { inspectorTab, selected } from '../mirror/selection.ts';
import { startCommand, stoppedComponents } from '../shell/fault-menu.tsx';
import { t } from '../text.ts';
import { Glyph, Icon } from '../widgets/icon.tsx';

const WORST: readonly StateWord[] = [
  'off',
  'fail',
  'warn',
  'stale',
  'terminating',
  'pending',
  'progress',
];
const SHOWN_MAX = 20;
const KINDS: ReadonlySet<string> = new Set(['Pod', 'Node', 'Deployment', 'Service', 'ReplicaSet']);

/** A host without power is off, whatever its Node still says. */
export function stateOf(row: ObjectRow): StateWord {
  if (row.kind !== 'Node') return row.state;
  const off = inPast.value
    ? faultsShown.value.some((fault) => fault.text === `power-off ${row.name}`)
    : hosts.value.some((host) => host.name === row.name && !host.powered);
  return off ? 'off' : row.state;
}

/** The worst objects first, by name: as many as are shown, and the count of the others. */
function worst(): { readonly bad: readonly ObjectRow[]; readonly more: number } {
  const byState = new Map<StateWord, ObjectRow[]>(WORST.map((state) => [state, []]));
  for (const row of rows.value.values())
    if (KINDS.has(row.kind)) byState.get(stateOf(row))?.push(row);
  const bad: ObjectRow[] = [];
  let count = 0;
  for (const [state, found] of byState) {
    count += found.length;
    if (bad.length >= SHOWN_MAX) continue;
    found.sort((a, b) => (a.key < b.key ? -1 : 1));
    bad.push(...found.slice(0, SHOWN_MAX - bad.length).map((row) => ({ ...row, state })));
  }
  return { bad, more: count - bad.length };
}

/** What is broken on purpose, and what mends it; of the past there is nothing to mend. */
function Broken() {
  const past = inPast.value;
  const shown = [
    ...faultsShown.value.map((fault) => ({
      kind: 'Fault',
      name: fault.name,
      status: fault.text,
      mend: t('trouble.mend'),
      command: `lab fault delete ${fault.name}`,
    })),
    ...stoppedComponents().map((name) => ({
      kind: t('trouble.component'),
      name,
      status: t('trouble.stopped'),
      mend: t('trouble.start'),
      command: startCommand(name),
    })),
  ];
  return (
    <>
      {shown.map(({ kind, name, status, mend, command }) => (
        <li key={name}>
          <Icon name="bolt" tone="fail" />
          <span class="kind">{kind}</span>
          <span class="mono one-line" lang="en">
            {name}
          </span>
          <span class="quiet cut grow">{status}</span>
          {!past && (
            <button
              type="button"
              class="link"
              data-tip={command}
              onClick={() => runCommand(command)}
            >
              {mend}
            </button>
          )}
        </li>
      ))}
    </>
  );
}

export function Trouble() {
  if (!booted.value && !inPast.value)
    return (
      <div class="empty">
        <h3>{t('trouble.starting')}</h3>
        <p>{t('trouble.starting-text')}</p>
      </div>
    );
  const { bad, more } = worst();
  if (bad.length === 0 && faultsShown.value.length === 0 && stoppedComponents().length === 0)
    return (
      <div class="empty">
        <h3>{t('trouble.none')}</h3>
        <p>{t('trouble.none-text')}</p>
      </div>
    );
  const open = (key: string): void => {
    selected.value = key;
    inspectorTab.value = 'why';
    // What had the focus goes away with the list: the pane keeps it.
    window.setTimeout(
      () => document.querySelector<HTMLElement>('.pane-inspector [aria-selected="true"]')?.focus(),
      0,
    );
  };
  return (
    <ul class="trouble" aria-label={t('trouble.list')}>
      <Broken />
      {bad.map((row) => (
        <li key={row.key}>
          <Glyph state={row.state} />
          <span class="kind">{row.kind}</span>
          <button type="button" class="name cut" lang="en" onClick={() => open(row.key)}>
            {row.name}
          </button>
          <span class="quiet cut grow" lang="en">
            {row.status}
          </span>
          <button type="button" class="link" onClick={() => open(row.key)}>
            {t('why')}
          </button>
        </li>
      ))}
      {more > 0 && <li class="quiet">{t('trouble.more', { count: more })}</li>}
    </ul>
  );
}
