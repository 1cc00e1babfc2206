/** A new lab: the lessons that are built in, or a cluster with a seed, a size and a version. */
import { useEffect, useState } from 'preact/hooks';
import type { ScenarioCard } from '../../../lab/scenarios/format.ts';
import { ask, DEFAULT_BASE, freshLab, openLab } from '../actions/lab.ts';
import { labTitle } from '../guide/guide-state.ts';
import { scenarioStep } from '../mirror/selection.ts';
import { language, t } from '../text.ts';
import { Dialog } from '../widgets/overlay.tsx';
import { closeDialog } from './dialogs.ts';

const NODES_MAX = 50;

export function NewLabDialog() {
  return (
    <Dialog title={t('new-lab')} onClose={closeDialog}>
      <div class="content">
        <p>{t('new-lab.text', { title: labTitle() })}</p>
        <Lessons />
        <h3>{t('new-lab.own')}</h3>
        <OwnCluster />
      </div>
    </Dialog>
  );
}

/** Opens a lesson at its first step. */
function openLesson(card: ScenarioCard): void {
  scenarioStep.value = 0;
  const base = { ...DEFAULT_BASE, scenario: card.id, nodes: card.nodes, profile: card.profile };
  openLab(freshLab(base, card.seed), true);
}

function Lessons() {
  const [cards, setCards] = useState<readonly ScenarioCard[]>([]);
  const words = language.value;
  useEffect(() => {
    ask<readonly ScenarioCard[]>({ verb: 'catalogue', language: words })
      .then(setCards)
      .catch(() => undefined);
  }, [words]);
  return (
    <div class="tiles">
      {cards.map((card) => (
        <button
          key={card.id}
          type="button"
          onClick={() => {
            closeDialog(false);
            openLesson(card);
          }}
        >
          <b>{card.title}</b>
          <span>{card.summary}</span>
          <span>
            {t('new-lab.steps', {
              steps: card.steps,
              minutes: card.minutes,
              level: t(`level.${card.level}`),
            })}
          </span>
        </button>
      ))}
    </div>
  );
}

function OwnCluster() {
  const [seed, setSeed] = useState('7');
  const [nodes, setNodes] = useState('3');
  const [profile, setProfile] = useState<'modern' | 'seed-era'>('modern');
  const fineSeed = /^\d{1,9}$/.test(seed);
  const fineNodes = /^\d+$/.test(nodes) && Number(nodes) >= 1 && Number(nodes) <= NODES_MAX;
  const fine = fineSeed && fineNodes;
  return (
    <form
      class="facts"
      onSubmit={(event) => {
        event.preventDefault();
        if (!fine) return;
        closeDialog(false);
        openLab(freshLab({ ...DEFAULT_BASE, nodes: Number(nodes), profile }, Number(seed)), true);
      }}
    >
      <label for="new-seed">{t('new-lab.seed')}</label>
      <input
        id="new-seed"
        class="text-field"
        inputMode="numeric"
        value={seed}
        aria-invalid={!fineSeed}
        onInput={(event) => setSeed(event.currentTarget.value)}
      />
      <label for="new-nodes">{t('new-lab.nodes', { most: NODES_MAX })}</label>
      <input
        id="new-nodes"
        class="text-field"
        inputMode="numeric"
        value={nodes}
        aria-invalid={!fineNodes}
        onInput={(event) => setNodes(event.currentTarget.value)}
      />
      <label for="new-profile">{t('new-lab.profile')}</label>
      <select
        id="new-profile"
        class="text-field"
        value={profile}
        onChange={(event) =>
          setProfile(event.currentTarget.value === 'seed-era' ? 'seed-era' : 'modern')
        }
      >
        <option value="modern">Kubernetes 1.34</option>
        <option value="seed-era">{t('status.seed-era')}</option>
      </select>
      <span />
      <button type="submit" class="button primary" style="justify-self:start" disabled={!fine}>
        {t('new-lab.start')}
      </button>
    </form>
  );
}
