/** Objects of one kind as kubectl's table: `:` names the kind, `/` filters, heads sort, owners as a tree. */
import { computed, signal } from '@preact/signals';
import type { ObjectRow } from '../../worker/protocol.ts';
import { ageText } from '../format.ts';
import { rows, shownTime } from '../mirror/mirror.ts';
import { pointed, selected } from '../mirror/selection.ts';
import { runCommand } from '../actions/lab.ts';
import { t } from '../text.ts';
import { Glyph, Icon } from '../widgets/icon.tsx';
import { COLUMNS, columnClass, KINDS, kindOf } from './columns.ts';
import { OwnerTree } from './owner-tree.tsx';

const objectKind = signal('Pod');
/** What was typed as a kind and is none that is listed. */
const unknownKind = signal('');
const filter = signal('');
const namespace = signal('');
const sort = signal<{ readonly column: number; readonly down: boolean }>({
  column: 0,
  down: false,
});
const tree = signal(false);
const ROWS_DRAWN = 400;

const namespaces = computed(() =>
  [...rows.value.values()]
    .filter((row) => row.kind === 'Namespace')
    .map((row) => row.name)
    .sort(),
);
const ofKind = computed(() => {
  const found: ObjectRow[] = [];
  for (const row of rows.value.values()) {
    if (
      row.kind === objectKind.value &&
      (namespace.value === '' || row.namespace === namespace.value || row.namespace === '')
    )
      found.push(row);
  }
  return found;
});
const shown = computed(() => {
  const words = filter.value
    .toLowerCase()
    .split(/[\s,]+/)
    .filter((word) => word !== '');
  const kept =
    words.length === 0 ? [...ofKind.value] : ofKind.value.filter((row) => matches(row, words));
  const { column, down } = sort.value;
  kept.sort(
    (a, b) => compareCells(cellOf(a, column), cellOf(b, column)) || (a.key < b.key ? -1 : 1),
  );
  return down ? kept.reverse() : kept;
});

function matches(row: ObjectRow, words: readonly string[]): boolean {
  const labels = Object.entries(row.labels).map(([key, value]) => `${key}=${value}`);
  const text = [row.name, row.namespace, row.status, row.node, row.ip, ...row.cells, ...labels]
    .join(' ')
    .toLowerCase();
  return words.every((word) => text.includes(word));
}

function cellOf(row: ObjectRow, column: number): string | number {
  const head = COLUMNS[row.kind]?.[column];
  return head === 'Age' ? -row.created : (row.cells[column] ?? '');
}

function compareCells(a: string | number, b: string | number): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  return String(a).localeCompare(String(b), 'en', { numeric: true });
}

export function ObjectsView() {
  return (
    <>
      <FilterBar />
      <div
        class="scroll"
        id="view-panel"
        role="tabpanel"
        aria-label={t('view.objects')}
        tabIndex={-1}
      >
        {unknownKind.value !== '' && <UnknownKind word={unknownKind.value} />}
        {tree.value ? <OwnerTree rows={shown.value} /> : <Table />}
      </div>
    </>
  );
}

function FilterBar() {
  return (
    <div class="filter">
      <label class="field kind-field">
        <span aria-hidden="true">:</span>
        <span class="unseen">{t('objects.kind')}</span>
        <input
          id="object-kind"
          class="mono"
          list="object-kinds"
          defaultValue="pods"
          spellcheck={false}
          aria-invalid={unknownKind.value !== ''}
          onInput={(event) => {
            const word = event.currentTarget.value.trim();
            const kind = kindOf(word);
            unknownKind.value = kind === undefined ? word.replace(/^:/, '') : '';
            if (kind !== undefined) objectKind.value = kind;
          }}
        />
        <datalist id="object-kinds">
          {KINDS.map((kind) => (
            <option key={kind} value={`${kind.toLowerCase()}${kind.endsWith('s') ? '' : 's'}`} />
          ))}
        </datalist>
      </label>
      <label class="field grow">
        <Icon name="search" />
        <span class="unseen">{t('objects.filter')}</span>
        <input
          id="object-filter"
          placeholder={t('objects.filter-hint')}
          value={filter.value}
          onInput={(event) => {
            filter.value = event.currentTarget.value;
          }}
        />
      </label>
      <label class="namespace">
        <span class="unseen">{t('objects.namespace')}</span>
        <select
          value={namespace.value}
          onChange={(event) => {
            namespace.value = event.currentTarget.value;
          }}
        >
          <option value="">{t('objects.all-namespaces')}</option>
          {namespaces.value.map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      </label>
      <span class="quiet wide">
        {t('objects.count', { shown: shown.value.length, all: ofKind.value.length })}
      </span>
      <button
        type="button"
        class="button"
        aria-pressed={tree.value}
        onClick={() => {
          tree.value = !tree.value;
        }}
      >
        {t('objects.tree')}
      </button>
    </div>
  );
}

/** A kind that is not listed here: what is, and where the rest can be had. */
function UnknownKind({ word }: { readonly word: string }) {
  const command = `kubectl get ${word.toLowerCase()} -A`;
  return (
    <div class="note unknown-kind" role="status">
      <p>
        {t('objects.unknown', { word })}{' '}
        <span lang="en">{KINDS.map((kind) => kind.toLowerCase()).join(', ')}</span>
      </p>
      {/^[\w.-]+$/.test(word) && (
        <button type="button" class="button line" onClick={() => runCommand(command)}>
          <Icon name="play" />
          <code>{command}</code>
        </button>
      )}
    </div>
  );
}

function Table() {
  const columns = COLUMNS[objectKind.value] ?? ['Name'];
  const all = shown.value;
  if (all.length === 0) return <EmptyTable />;
  const withNamespace = namespace.value === '' && all.some((row) => row.namespace !== '');
  const look = `table objects${withNamespace ? ' with-namespace' : ''}`;
  return (
    // biome-ignore lint/a11y/noNoninteractiveElementToInteractiveRole: rows can be chosen
    <table class={look} role="grid" aria-label={objectKind.value} onKeyDown={moveInRows}>
      <thead>
        <tr>
          {withNamespace && (
            <th scope="col" class="col-namespace">
              Namespace
            </th>
          )}
          {columns.map((name, index) => (
            <Head key={name} name={name} index={index} />
          ))}
          {objectKind.value === 'Pod' && (
            <th scope="col" class="col-node">
              Node
            </th>
          )}
        </tr>
      </thead>
      <tbody>
        {all.slice(0, ROWS_DRAWN).map((row) => (
          <Row key={row.key} row={row} columns={columns} withNamespace={withNamespace} />
        ))}
        {all.length > ROWS_DRAWN && (
          <tr>
            <td colSpan={columns.length + 2} class="quiet">
              {t('objects.cut', { shown: ROWS_DRAWN, all: all.length })}
            </td>
          </tr>
        )}
      </tbody>
    </table>
  );
}

function Head({ name, index }: { readonly name: string; readonly index: number }) {
  const { column, down } = sort.value;
  const sorted = column === index ? (down ? 'descending' : 'ascending') : 'none';
  return (
    <th scope="col" class={columnClass(name)} aria-sort={sorted}>
      <button
        type="button"
        onClick={() => {
          sort.value = { column: index, down: column === index && !down };
        }}
      >
        {name}
        {sorted !== 'none' && <Icon name={down ? 'down' : 'up'} />}
      </button>
    </th>
  );
}

interface RowProps {
  readonly row: ObjectRow;
  readonly columns: readonly string[];
  readonly withNamespace: boolean;
}

function Row({ row, columns, withNamespace }: RowProps) {
  const chosen = selected.value === row.key;
  return (
    <tr
      aria-selected={chosen}
      tabIndex={chosen || selected.value === '' ? 0 : -1}
      data-key={row.key}
      onClick={() => {
        selected.value = row.key;
      }}
      onPointerEnter={() => {
        pointed.value = row.key;
      }}
      onPointerLeave={() => {
        pointed.value = '';
      }}
    >
      {withNamespace && <td class="quiet col-namespace">{row.namespace}</td>}
      {columns.map((name, index) => (
        <Cell key={name} row={row} name={name} value={row.cells[index] ?? ''} />
      ))}
      {row.kind === 'Pod' && <td class="col-node">{row.node}</td>}
    </tr>
  );
}

function Cell({
  row,
  name,
  value,
}: {
  readonly row: ObjectRow;
  readonly name: string;
  readonly value: string | number;
}) {
  if (name === 'Age')
    return <td class="one-line col-age">{ageText(shownTime.value - row.created)}</td>;
  if (name === 'Name')
    return (
      <td class="mono" lang="en">
        {name === 'Name' && row.status === '' && row.kind !== 'ConfigMap' && row.state !== 'ok' ? (
          <span class="state">
            <Glyph state={row.state} />
            {value}
          </span>
        ) : (
          value
        )}
      </td>
    );
  if (name === 'Status')
    return (
      <td lang="en">
        <span class="state">
          <Glyph state={row.state} />
          {value}
        </span>
      </td>
    );
  return (
    <td
      class={/IP|Ports|Endpoints/.test(name) ? `mono ${columnClass(name)}` : columnClass(name)}
      lang="en"
    >
      {value}
    </td>
  );
}

/** Why nothing is listed, and what would fill the list. */
function EmptyTable() {
  const kind = objectKind.value;
  const all = ofKind.value.length;
  const word = `${kind.toLowerCase()}s`;
  if (all > 0)
    return (
      <div class="empty">
        <h3>{t('objects.none-match', { filter: filter.value, all, kind })}</h3>
        <button
          type="button"
          class="button line"
          onClick={() => {
            filter.value = '';
          }}
        >
          {t('objects.clear')}
        </button>
      </div>
    );
  const fill =
    kind === 'Pod'
      ? 'kubectl run web --image=nginx'
      : kind === 'Deployment'
        ? 'kubectl create deployment web --image=nginx'
        : `kubectl get ${word} -A`;
  return (
    <div class="empty">
      <h3>{t('objects.none', { kind })}</h3>
      <p>
        {namespace.value === ''
          ? t('objects.none-anywhere')
          : t('objects.none-in', { namespace: namespace.value })}
      </p>
      <button type="button" class="button line" onClick={() => runCommand(fill)}>
        <Icon name="play" />
        <code>{fill}</code>
      </button>
    </div>
  );
}

function moveInRows(event: KeyboardEvent): void {
  const list = [
    ...(event.currentTarget as Element).querySelectorAll<HTMLElement>('tbody tr[data-key]'),
  ];
  const at = list.indexOf((document.activeElement as HTMLElement)?.closest('tr') as HTMLElement);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: list.length - 1 }[event.key];
  if (event.key === 'Enter' || event.key === ' ') {
    const row = list[at];
    if (row === undefined) return;
    selected.value = row.dataset['key'] ?? '';
    event.preventDefault();
    event.stopPropagation();
    return;
  }
  if (to === undefined || at < 0) return;
  event.preventDefault();
  event.stopPropagation();
  list[Math.max(0, Math.min(list.length - 1, to))]?.focus();
}
