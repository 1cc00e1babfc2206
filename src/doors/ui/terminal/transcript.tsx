/**
 * The transcript: the terminal as ordinary HTML. Each command is a heading with its simulated time, its
 * output a text, and what kubectl printed as a table a real table. Commands can be sent from here too.
 */
import { useState } from 'preact/hooks';
import { sendLine } from '../actions/lab.ts';
import { clockText } from '../format.ts';
import type { TerminalModel, TranscriptEntry } from '../mirror/terminals.ts';
import { language, t } from '../text.ts';

const ESCAPES = /\x1b\[[0-9;?]*[A-Za-z]|\x1b\][^\x07]*\x07|\x07/g;
const PROMPT = /^[\w.-]+@[\w.-]+:\S*[$#] (?=\S)/gm;
/** A table head: words in capitals, apart by two spaces or more. */
const HEAD = /^[A-Z][A-Z0-9()/ -]*(?: {2,}[A-Z][A-Z0-9()/ -]*)+$/;

export function Transcript({ model }: { readonly model: TerminalModel }) {
  return (
    <div class="transcript scroll" style="height:100%" lang="en">
      <h2 class="unseen">{t('terminal.transcript')}</h2>
      {model.transcript.value.map((entry, index) => (
        <Entry
          key={`${entry.time}.${index}`}
          entry={entry}
          running={index === model.transcript.value.length - 1 && !model.waiting.value}
        />
      ))}
      <Prompt model={model} />
    </div>
  );
}

function Entry({ entry, running }: { readonly entry: TranscriptEntry; readonly running: boolean }) {
  // A line that was typed ahead begins where the shell's prompt for it stands.
  const text = entry.output.replace(ESCAPES, '').replace(PROMPT, '');
  // What follows the last line end is the next prompt, unless the program still writes.
  const body = running ? text : text.slice(0, text.lastIndexOf('\n') + 1);
  return (
    <>
      <h3>
        <span>$ {entry.line}</span>
        <span class="quiet">{clockText(entry.time)}</span>
        {entry.status !== undefined && (
          <span class={entry.status === 0 ? 'quiet' : 'fail'} lang={language.value}>
            {t('transcript.status', { status: entry.status })}
          </span>
        )}
      </h3>
      {blocksOf(body).map((block, index) =>
        block.rows === undefined ? (
          <pre key={index}>{block.text}</pre>
        ) : (
          <TextTable key={index} rows={block.rows} />
        ),
      )}
    </>
  );
}

function TextTable({ rows }: { readonly rows: readonly (readonly string[])[] }) {
  const [head, ...body] = rows;
  return (
    <table class="table">
      <thead>
        <tr>
          {head?.map((cell) => (
            <th key={cell} scope="col">
              {cell}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {body.map((row) => (
          <tr key={row.join(' ')}>
            {row.map((cell, index) => (
              <td key={index}>{cell}</td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

interface Block {
  readonly text: string;
  readonly rows: readonly (readonly string[])[] | undefined;
}

/** Cuts an output into texts and tables: a table's columns begin where its head's words do. */
function blocksOf(text: string): readonly Block[] {
  const blocks: Block[] = [];
  const lines = text.split('\n');
  let plain: string[] = [];
  const flush = (): void => {
    if (plain.join('').trim() !== '')
      blocks.push({ text: plain.join('\n').replace(/\n+$/, ''), rows: undefined });
    plain = [];
  };
  for (let index = 0; index < lines.length; index += 1) {
    const line = lines[index] ?? '';
    if (!HEAD.test(line.trimEnd())) {
      plain.push(line);
      continue;
    }
    flush();
    const starts = [...line.matchAll(/(?:^| {2,})(\S)/g)].map(
      (match) => (match.index ?? 0) + match[0].length - 1,
    );
    const cut = (row: string): string[] =>
      starts.map((start, at) => row.slice(start, starts[at + 1] ?? row.length).trim());
    const rows = [cut(line)];
    while (
      index + 1 < lines.length &&
      (lines[index + 1] ?? '') !== '' &&
      !HEAD.test(lines[index + 1] ?? '')
    ) {
      index += 1;
      rows.push(cut(lines[index] ?? ''));
    }
    blocks.push({ text: '', rows });
  }
  flush();
  return blocks;
}

function Prompt({ model }: { readonly model: TerminalModel }) {
  const [text, setText] = useState('');
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        sendLine(model.id, text);
        setText('');
      }}
    >
      <label class="field">
        <span class="mono" aria-hidden="true">
          $
        </span>
        <span class="unseen">{t('terminal.type')}</span>
        <input
          class="mono"
          value={text}
          spellcheck={false}
          autocomplete="off"
          autocapitalize="off"
          onInput={(event) => setText(event.currentTarget.value)}
        />
      </label>
      <button type="submit" class="button line">
        {t('run')}
      </button>
    </form>
  );
}
