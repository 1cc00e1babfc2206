/** Owners above what they own: Deployment, ReplicaSet, Pod, from the rows listed and all they hang on. */
import type { ObjectRow } from '../../worker/protocol.ts';
import { rows } from '../mirror/mirror.ts';
import { selected } from '../mirror/selection.ts';
import { t } from '../text.ts';
import { Glyph } from '../widgets/icon.tsx';

export function OwnerTree({ rows: listed }: { readonly rows: readonly ObjectRow[] }) {
  const all = rows.value;
  const children = new Map<string, ObjectRow[]>();
  const roots = new Map<string, ObjectRow>();
  for (const row of all.values()) {
    if (row.owner === '') continue;
    const list = children.get(row.owner);
    if (list === undefined) children.set(row.owner, [row]);
    else list.push(row);
  }
  for (const row of listed) {
    let top = row;
    for (let up = all.get(top.owner); up !== undefined; up = all.get(top.owner)) top = up;
    roots.set(top.key, top);
  }
  return (
    <div class="twin">
      {/* biome-ignore lint/a11y/noNoninteractiveElementToInteractiveRole: the pattern of its role asks for it */}
      <ul role="tree" aria-label={t('objects.tree')}>
        {[...roots.values()].map((row) => (
          <Branch key={row.key} row={row} owned={children} />
        ))}
      </ul>
    </div>
  );
}

interface BranchProps {
  readonly row: ObjectRow;
  readonly owned: ReadonlyMap<string, readonly ObjectRow[]>;
}

function Branch({ row, owned }: BranchProps) {
  const under = owned.get(row.key) ?? [];
  return (
    // biome-ignore lint/a11y/useFocusableInteractive: the focus is on what it holds
    <li
      role="treeitem"
      aria-selected={selected.value === row.key}
      aria-expanded={under.length > 0 ? true : undefined}
    >
      <button
        type="button"
        onClick={() => {
          selected.value = row.key;
        }}
      >
        <Glyph state={row.state} />
        <span class="kind">{row.kind}</span>
        <span class="mono">{row.name}</span>
        <span class="quiet">{row.status}</span>
      </button>
      {under.length > 0 && (
        // biome-ignore lint/a11y/useSemanticElements: a tree's branch
        <ul role="group">
          {under.map((one) => (
            <Branch key={one.key} row={one} owned={owned} />
          ))}
        </ul>
      )}
    </li>
  );
}
