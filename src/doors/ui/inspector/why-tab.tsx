/** Why: claims with their evidence, as a tree; what acts next stands below. */
import type { WhyEvidence, WhyNode } from '../../worker/protocol.ts';
import { look } from '../actions/lab.ts';
import { clockText, spanText } from '../format.ts';
import { shownTime } from '../mirror/mirror.ts';
import { inspectorTab, selected } from '../mirror/selection.ts';
import { t, tell } from '../text.ts';
import { Glyph, Icon } from '../widgets/icon.tsx';
import { explainAnswer } from './answers.ts';

/** Claims that say that all is well. */
const GOOD = /\.(ready|complete|endpoints|finished)$/;

export function WhyTab({ id }: { readonly id: string }) {
  const answer = explainAnswer.value;
  if (answer === undefined) return <p class="note">{t('inspect.asking')}</p>;
  if (answer.trees.length === 0) {
    return (
      <div class="empty">
        <h3>{t('why.well', { name: id.split('/').at(-1) ?? id })}</h3>
        <p>{t('why.well-text')}</p>
      </div>
    );
  }
  const { next } = answer;
  return (
    <div class="why">
      {answer.trees.map((tree) => (
        <section key={tree.claim}>
          <h3 class="claim">
            <Glyph state={GOOD.test(tree.claim) ? 'ok' : 'warn'} />
            {tell(tree.claim, tree.values)}
          </h3>
          <Evidence items={tree.evidence} />
          <Reasons nodes={tree.because} />
        </section>
      ))}
      {next !== null && (
        <p class="next">
          <Icon name="clock" />
          <span>
            {t('why.next', {
              who: next.who,
              what: tell(next.what),
              time: clockText(next.time),
              span: spanText(Math.max(0, next.time - shownTime.value)),
            })}
          </span>
        </p>
      )}
    </div>
  );
}

function Reasons({ nodes }: { readonly nodes: readonly WhyNode[] }) {
  if (nodes.length === 0) return null;
  return (
    <ul class="tree">
      {nodes.map((node) => (
        <li key={node.claim + JSON.stringify(node.values)}>
          <p>{tell(node.claim, node.values)}</p>
          <Evidence items={node.evidence} />
          <Reasons nodes={node.because} />
        </li>
      ))}
    </ul>
  );
}

function Evidence({ items }: { readonly items: readonly WhyEvidence[] }) {
  return (
    <>
      {items.map((item) => (
        <button
          key={item.text}
          type="button"
          class="evidence"
          lang="en"
          onClick={() => follow(item)}
        >
          {item.text}
        </button>
      ))}
    </>
  );
}

/** Opens what an evidence stands on, at its time. */
function follow(item: WhyEvidence): void {
  if (item.time > 0) look(item.time);
  if (item.kind === 'object') {
    selected.value = item.target;
    inspectorTab.value = 'yaml';
  } else if (item.kind === 'scheduling') inspectorTab.value = 'scheduler';
  else if (item.kind === 'record') inspectorTab.value = 'trace';
  else inspectorTab.value = 'packet';
}
