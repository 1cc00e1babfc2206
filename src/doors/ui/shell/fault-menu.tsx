/** Break something: each entry runs, and shows before, the command that it stands for. */
import { Fragment } from 'preact';
import { useState } from 'preact/hooks';
import { runCommand } from '../actions/lab.ts';
import { faults, rows } from '../mirror/mirror.ts';
import { selected } from '../mirror/selection.ts';
import { t } from '../text.ts';
import { Icon } from '../widgets/icon.tsx';
import { MenuButton } from '../widgets/menu-button.tsx';
import { MenuItem } from '../widgets/overlay.tsx';

interface FaultChoice {
  readonly group: string;
  readonly label: string;
  readonly command: string;
}

const MANIFESTS = '/etc/kubernetes/manifests';
const COMPONENTS = ['kube-scheduler', 'kube-controller-manager', 'kube-apiserver', 'etcd'];

/** What can be broken on the target: a key of an object, or empty for the whole cluster. */
function choicesFor(target: string): readonly FaultChoice[] {
  const [kind = '', namespace = '', name = ''] = target.split('/');
  const nodes = [...rows.value.values()]
    .filter((row) => row.kind === 'Node')
    .map((row) => row.name)
    .sort();
  const node =
    kind === 'Node' ? namespace : kind === 'Pod' ? (rows.value.get(target)?.node ?? '') : '';
  const chosen = node === '' ? nodes.filter((one) => one !== 'cp-1') : [node];
  const choices: FaultChoice[] = [];
  if (kind === 'Pod') {
    choices.push({
      group: t('fault.pod', { name }),
      label: t('fault.kill'),
      command: `kubectl delete pod ${name} -n ${namespace}`,
    });
  }
  // What is broken already is offered for mending, below.
  const broken = new Set(faults.value.map((fault) => fault.text));
  for (const one of chosen.slice(0, 6)) {
    if (broken.has(`power-off ${one}`)) continue;
    choices.push({
      group: t('fault.nodes'),
      label: t('fault.power-off', { name: one }),
      command: `lab fault power-off ${one}`,
    });
  }
  const from = node === '' ? (chosen[0] ?? '') : node;
  for (const to of nodes.filter((one) => one !== from).slice(0, 4)) {
    if (broken.has(`cut ${from} ${to}`) || broken.has(`cut ${to} ${from}`)) continue;
    choices.push({
      group: t('fault.links'),
      label: t('fault.cut', { from, to }),
      command: `lab fault cut ${from} ${to}`,
    });
  }
  if (kind !== 'Pod') for (const name of COMPONENTS) choices.push(...componentChoices(name));
  return choices;
}

function componentChoices(name: string): readonly FaultChoice[] {
  const group = t('fault.components');
  return rows.value.has(podOf(name))
    ? [
        {
          group,
          label: t('fault.stop', { name }),
          command: `ssh cp-1 mv ${MANIFESTS}/${name}.yaml /root/`,
        },
      ]
    : [{ group, label: t('fault.start', { name }), command: startCommand(name) }];
}

const podOf = (component: string): string => `Pod/kube-system/${component}-cp-1`;

/** Puts a component's manifest back, so that the kubelet starts it. */
export const startCommand = (component: string): string =>
  `ssh cp-1 mv /root/${component}.yaml ${MANIFESTS}/`;

/** Components of the control plane without a pod, as the API server knows it. */
export function stoppedComponents(): readonly string[] {
  return COMPONENTS.filter((name) => !rows.value.has(podOf(name)));
}

interface ItemsProps {
  readonly target: string;
  readonly close: () => void;
}

export function FaultMenuItems({ target, close }: ItemsProps) {
  const [shown, setShown] = useState('');
  const choices = choicesFor(target);
  const active = faults.value;
  let group = '';
  return (
    <>
      {choices.map((choice) => {
        const head = choice.group !== group;
        group = choice.group;
        return (
          <Fragment key={choice.command}>
            {head && <h3>{choice.group}</h3>}
            <MenuItem
              onPoint={() => setShown(choice.command)}
              onPick={() => {
                close();
                runCommand(choice.command);
              }}
            >
              <Icon name={/^ssh cp-1 mv .root/.test(choice.command) ? 'reset' : 'bolt'} />
              {choice.label}
            </MenuItem>
          </Fragment>
        );
      })}
      {active.length > 0 && <h3>{t('fault.active')}</h3>}
      {active.map((fault) => (
        <MenuItem
          key={fault.name}
          onPoint={() => setShown(`lab fault delete ${fault.name}`)}
          onPick={() => {
            close();
            runCommand(`lab fault delete ${fault.name}`);
          }}
        >
          <Icon name="reset" />
          {t('fault.mend', { name: fault.text })}
        </MenuItem>
      ))}
      <p class="runs">
        {t('fault.runs')}{' '}
        <code lang="en">{shown === '' ? (choices[0]?.command ?? '') : shown}</code>
      </p>
    </>
  );
}

export function FaultMenu() {
  return (
    <MenuButton
      id="fault-menu"
      label={t('fault.title')}
      class="wide"
      face={
        <>
          <Icon name="bolt" />
          {t('fault.title')}
        </>
      }
    >
      {(close) => <FaultMenuItems target={selected.value} close={close} />}
    </MenuButton>
  );
}
