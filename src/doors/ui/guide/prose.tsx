/**
 * Markdown drawn from marked's tokens: no HTML text ever exists, so there is nothing to sanitise. Raw HTML
 * in the source stays text. A fenced `sh` block is a command to run, line by line.
 */
import { lexer, type Token, type Tokens } from 'marked';
import type { ComponentChildren } from 'preact';
import { RunLine } from './run-line.tsx';

export function Prose({ markdown }: { readonly markdown: string }) {
  return <div class="prose">{blocks(lexer(markdown))}</div>;
}

function blocks(tokens: readonly Token[]): ComponentChildren {
  return tokens.map((token, index) => <Block key={`${index}${token.type}`} token={token} />);
}

function Block({ token }: { readonly token: Token }) {
  switch (token.type) {
    case 'paragraph':
      return <p>{inline(token.tokens)}</p>;
    case 'heading':
      return <h3>{inline(token.tokens)}</h3>;
    case 'code':
      return <CodeBlock code={token as Tokens.Code} />;
    case 'blockquote':
      return <blockquote>{blocks(token.tokens ?? [])}</blockquote>;
    case 'list':
      return <List list={token as Tokens.List} />;
    case 'table':
      return <Grid table={token as Tokens.Table} />;
    case 'hr':
      return <hr />;
    case 'text':
      return <>{token.tokens === undefined ? token.raw : inline(token.tokens)}</>;
    case 'space':
      return null;
    default:
      return <p>{token.raw}</p>;
  }
}

function CodeBlock({ code }: { readonly code: Tokens.Code }) {
  if (/^(sh|bash|run)\b/.test(code.lang ?? '')) {
    const whole = /<<|\\\n|\n\s/.test(code.text);
    const lines = whole ? [code.text] : code.text.split('\n').filter((line) => line.trim() !== '');
    return (
      <>
        {lines.map((line) => (
          <RunLine key={line} line={line} />
        ))}
      </>
    );
  }
  return (
    <pre lang="en">
      <code>{code.text}</code>
    </pre>
  );
}

function List({ list }: { readonly list: Tokens.List }) {
  const items = list.items.map((item, index) => <li key={index}>{blocks(item.tokens)}</li>);
  return list.ordered ? <ol>{items}</ol> : <ul>{items}</ul>;
}

function Grid({ table }: { readonly table: Tokens.Table }) {
  return (
    <table>
      <thead>
        <tr>
          {table.header.map((cell) => (
            <th key={cell.text} scope="col">
              {inline(cell.tokens)}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {table.rows.map((row) => (
          <tr key={row.map((cell) => cell.text).join('|')}>
            {row.map((cell) => (
              <td key={cell.text}>{inline(cell.tokens)}</td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function inline(tokens: readonly Token[] | undefined): ComponentChildren {
  return tokens?.map((token, index) => <Inline key={`${index}${token.type}`} token={token} />);
}

function Inline({ token }: { readonly token: Token }) {
  switch (token.type) {
    case 'strong':
      return <strong>{inline(token.tokens)}</strong>;
    case 'em':
      return <em>{inline(token.tokens)}</em>;
    case 'codespan':
      return <code lang="en">{token.text}</code>;
    case 'del':
      return <del>{inline(token.tokens)}</del>;
    case 'br':
      return <br />;
    case 'link':
      return /^https?:/.test(token.href) ? (
        <a href={token.href} target="_blank" rel="noopener noreferrer">
          {inline(token.tokens)}
        </a>
      ) : (
        inline(token.tokens)
      );
    case 'escape':
      return <>{token.text}</>;
    case 'text':
      return (
        <>
          {'tokens' in token && token.tokens !== undefined
            ? inline(token.tokens)
            : unescaped(token.text)}
        </>
      );
    default:
      return <>{token.raw}</>;
  }
}

/** marked keeps `&amp;` and its like in texts. */
function unescaped(text: string): string {
  const names: Readonly<Record<string, string>> = {
    amp: '&',
    lt: '<',
    gt: '>',
    quot: '"',
    '#39': "'",
  };
  return text.replace(/&(amp|lt|gt|quot|#39);/g, (_, name: string) => names[name] ?? '');
}
