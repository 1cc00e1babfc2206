/** The guide: the step's prose, commands, checks and hints; without a scenario, three starts. */
import { openDialog } from '../shell/dialogs.ts';
import { ContinueButton } from '../shell/last-lab.tsx';
import { t } from '../text.ts';
import { Icon } from '../widgets/icon.tsx';
import { guideScenario } from './guide-state.ts';
import { RunLine } from './run-line.tsx';
import { StepView } from './step-view.tsx';

const FIRST_COMMANDS = [
  'kubectl get nodes',
  'kubectl get pods -A',
  'kubectl create deployment web --image=nginx --replicas=3',
];

export function GuidePane() {
  const scenario = guideScenario.value;
  return (
    <section class="pane pane-guide" aria-label={t('pane.guide')} data-pane="guide">
      {scenario === undefined ? <Starts /> : <StepView scenario={scenario} />}
    </section>
  );
}

function Starts() {
  return (
    <div class="scroll" tabIndex={-1}>
      <div class="prose-pane">
        <h2>{t('guide.blank')}</h2>
        <div class="prose">
          <p>{t('guide.blank-text')}</p>
        </div>
        <h3>{t('guide.try')}</h3>
        {FIRST_COMMANDS.map((line) => (
          <RunLine key={line} line={line} />
        ))}
        <h3>{t('guide.or')}</h3>
        <div class="row" style="flex-wrap:wrap">
          <button type="button" class="button line" onClick={() => openDialog('new-lab')}>
            <Icon name="book" />
            {t('guide.lessons')}
          </button>
          <button type="button" class="button line" onClick={() => openDialog('open')}>
            <Icon name="open" />
            {t('guide.open')}
          </button>
          <ContinueButton />
        </div>
      </div>
    </div>
  );
}
