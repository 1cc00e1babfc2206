/** The object as kubectl prints it, in the code colours, and its earlier revisions. */
import { look, runCommand } from '../actions/lab.ts';
import { copyText } from '../actions/clipboard.ts';
import { clockText } from '../format.ts';
import { looking } from '../mirror/mirror.ts';
import { t } from '../text.ts';
import { Icon } from '../widgets/icon.tsx';
import { objectAnswer } from './answers.ts';

export function YamlTab({ id }: { readonly id: string }) {
  const answer = objectAnswer.value;
  if (answer === undefined) return <p class="note">{t('inspect.asking')}</p>;
  const [kind = '', namespace = '', name] = id.split('/');
  const target =
    name === undefined
      ? `${kind.toLowerCase()} ${namespace}`
      : `${kind.toLowerCase()} ${name} -n ${namespace}`;
  return (
    <>
      <div class="toolbar">
        <span class="quiet">{t('inspect.revision', { revision: answer.revision })}</span>
        {answer.revisions.length > 1 && (
          <label class="grow">
            <span class="unseen">{t('inspect.earlier')}</span>
            <select
              class="field full"
              value={looking.value === null ? '' : 'past'}
              onChange={(event) => {
                const time = event.currentTarget.value;
                look(time === '' ? null : Number(time));
              }}
            >
              <option value="">{t('inspect.live-revision')}</option>
              {[...answer.revisions]
                .reverse()
                .slice(0, 40)
                .map((one) => (
                  <option key={one.revision} value={one.time}>
                    {`r${one.revision} · ${clockText(one.time)} · ${one.by}`}
                  </option>
                ))}
            </select>
          </label>
        )}
        {answer.revisions.length <= 1 && <span class="grow" />}
        <button type="button" class="button" onClick={() => void copyText(answer.yaml)}>
          <Icon name="copy" />
          {t('copy')}
        </button>
        <button type="button" class="button" onClick={() => runCommand(`kubectl edit ${target}`)}>
          {t('edit')}
        </button>
      </div>
      <YamlText text={answer.yaml} />
    </>
  );
}

function YamlText({ text }: { readonly text: string }) {
  return (
    <div class="code" lang="en" style="padding:4px 0">
      {text.split('\n').map((line, index) => (
        <div key={index} class="line">
          <i aria-hidden="true">{index + 1}</i>
          <span>{coloured(line)}</span>
        </div>
      ))}
    </div>
  );
}

function coloured(line: string) {
  if (/^\s*#/.test(line)) return <span class="yaml-comment">{line}</span>;
  const match = /^(\s*(?:- )*)([^\s:#][^:]*?)(:)(\s.*|)$/.exec(line);
  if (match === null) {
    const item = /^(\s*(?:- )+)(.*)$/.exec(line);
    return item === null ? line : [item[1], value(item[2] ?? '')];
  }
  const [, lead, key, colon, rest = ''] = match;
  return [
    lead,
    <span key="k" class="yaml-key">
      {key}
    </span>,
    <span key="p" class="yaml-punct">
      {colon}
    </span>,
    value(rest),
  ];
}

function value(text: string) {
  const word = text.trim();
  const tone = /^-?\d+(\.\d+)?$/.test(word)
    ? 'yaml-number'
    : /^(true|false|null|~)$/.test(word)
      ? 'yaml-keyword'
      : /^[|>]/.test(word)
        ? 'yaml-punct'
        : 'yaml-string';
  return (
    <span key="v" class={tone}>
      {text}
    </span>
  );
}
