/** Recorded packets: each hop with the rules that were looked at, the match, near misses, what changed. */
import { signal } from '@preact/signals';
import type { PacketHop, PacketWalk } from '../../worker/protocol.ts';
import { runCommand } from '../actions/lab.ts';
import { clockText } from '../format.ts';
import { rows } from '../mirror/mirror.ts';
import { t } from '../text.ts';
import { Icon } from '../widgets/icon.tsx';
import { packetAnswer } from './answers.ts';

const chosen = signal<number | undefined>(undefined);
/** Rules that did not match are shown too. */
const rejected = signal(true);

/** A request that leaves a record: to the Service that is selected, else to the one that is always there. */
function exampleFor(id: string): string {
  const row = rows.value.get(id);
  const port = /\d+/.exec(row?.extra['ports'] ?? '')?.[0];
  return row?.kind === 'Service' && port !== undefined && /\d/.test(row.ip)
    ? `ssh node-1 curl -s http://${row.ip}:${port}/`
    : 'ssh node-1 curl -sk https://10.96.0.1/version';
}

export function PacketTab({ id }: { readonly id: string }) {
  const answer = packetAnswer.value;
  if (answer === undefined) return <p class="note">{t('inspect.asking')}</p>;
  const walk = answer.walks.find((one) => one.id === chosen.value) ?? answer.walks[0];
  if (walk === undefined)
    return (
      <div class="empty">
        <h3>{t('packet.none')}</h3>
        <p>
          {id === ''
            ? t('packet.none-text')
            : t('packet.none-of', { name: id.split('/').at(-1) ?? id })}
        </p>
        <code lang="en">{exampleFor(id)}</code>
        <button type="button" class="button line" onClick={() => runCommand(exampleFor(id))}>
          <Icon name="play" />
          {t('packet.run')}
        </button>
      </div>
    );
  return (
    <>
      <div class="toolbar">
        <label class="grow">
          <span class="unseen">{t('packet.which')}</span>
          <select
            class="field mono"
            style="width:100%"
            value={String(walk.id)}
            onChange={(event) => {
              chosen.value = Number(event.currentTarget.value);
            }}
          >
            {answer.walks.slice(0, 60).map((one) => (
              <option key={one.id} value={String(one.id)}>
                {`${clockText(one.time)}  ${one.title}  ${one.verdict}`}
              </option>
            ))}
          </select>
        </label>
        <button
          type="button"
          class="button"
          aria-pressed={rejected.value}
          onClick={() => {
            rejected.value = !rejected.value;
          }}
        >
          {t('packet.rejected')}
        </button>
      </div>
      <Walk walk={walk} />
    </>
  );
}

function Walk({ walk }: { readonly walk: PacketWalk }) {
  return (
    <table class="packet" lang="en">
      <caption class="unseen">{walk.title}</caption>
      <colgroup>
        <col style="width:38px" />
        <col />
        <col style="width:34%" />
      </colgroup>
      <tbody>
        {walk.hops.map((hop, index) => (
          <Hop key={index} hop={hop} />
        ))}
        <tr class="hop">
          <th colSpan={3} scope="row">
            <b>{walk.verdict}</b>
          </th>
        </tr>
      </tbody>
    </table>
  );
}

/** What a rule matches, then its comment; where it sends the packet stands in a column of its own. */
function RuleText({ text }: { readonly text: string }) {
  const comment = /-m comment --comment ("[^"]*"|\S+) ?/.exec(text);
  const match = text
    .replace(comment?.[0] ?? '', '')
    .replace(/(^| )-[jg] .*$/, '')
    .trim();
  return (
    <>
      {match === '' ? t('packet.all') : match}
      {comment !== null && (
        <span class="comment">{` ${(comment[1] ?? '').replace(/^"|"$/g, '')}`}</span>
      )}
    </>
  );
}

function Hop({ hop }: { readonly hop: PacketHop }) {
  const rules = rejected.value ? hop.rules : hop.rules.filter((rule) => rule.matched);
  let chain = '';
  return (
    <>
      <tr class="hop">
        <th colSpan={3} scope="row">
          {hop.where}
          <b>{hop.stage}</b>
          <span class="quiet">{hop.text}</span>
        </th>
      </tr>
      {rules.map((rule, index) => {
        const head = rule.chain !== chain;
        chain = rule.chain;
        return [
          head && (
            <tr key={`c${rule.chain}`}>
              <td colSpan={3} class="quiet mono">
                {rule.chain}
              </td>
            </tr>
          ),
          <tr key={index} class={rule.matched ? 'hit' : 'missed'}>
            <td>{rule.matched ? '▸' : ''}</td>
            <td class="mono">
              <RuleText text={rule.text} />
              {rule.failed !== '' && <span class="near">{rule.failed}</span>}
              {rule.draw !== '' && <span class="near">{rule.draw}</span>}
            </td>
            <td class="mono">{rule.action.replace(/^jump /, '')}</td>
          </tr>,
        ];
      })}
      {hop.before !== hop.after && hop.after !== '' && (
        <tr class="change">
          <td colSpan={3}>
            <del>{hop.before}</del> → <ins>{hop.after}</ins>
          </td>
        </tr>
      )}
    </>
  );
}
