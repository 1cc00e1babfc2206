/** The language of sed: a script to a flat list of commands (GNU sed 4.9). */
import { compileBasic, compileExtended, type Regexp } from '../../../ground/lang/regexp/posix.ts';

export type Address =
  | { readonly kind: 'line'; readonly line: number }
  | { readonly kind: 'last' }
  | { readonly kind: 'step'; readonly first: number; readonly step: number }
  /** `//` is the last expression used. */
  | { readonly kind: 'regexp'; readonly regexp: Regexp | undefined }
  | { readonly kind: 'plus'; readonly count: number }
  | { readonly kind: 'multiple'; readonly of: number };

export interface Substitution {
  readonly regexp: Regexp | undefined;
  readonly replacement: readonly ReplacementPart[];
  readonly global: boolean;
  readonly print: boolean;
  /** Replaces from the n-th match on. */
  readonly number: number;
  readonly file: string | undefined;
}

export type ReplacementPart =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'group'; readonly group: number }
  | { readonly kind: 'case'; readonly change: 'U' | 'L' | 'E' | 'u' | 'l' };

export interface Command {
  readonly first: Address | undefined;
  readonly second: Address | undefined;
  readonly negated: boolean;
  readonly name: string;
  readonly text: string;
  readonly substitution: Substitution | undefined;
  readonly transliteration: ReadonlyMap<string, string> | undefined;
  /** Index of the matching `}`, or of the label. */
  target: number;
}

export interface Program {
  readonly commands: readonly Command[];
  readonly error: string | undefined;
}

export function parseSed(script: string, extended: boolean): Program {
  const parser = new Parser(script, extended);
  parser.all();
  return { commands: parser.commands, error: parser.error };
}

class Parser {
  readonly commands: Command[] = [];
  error: string | undefined;
  readonly #text: string;
  readonly #extended: boolean;
  #at = 0;
  #open: number[] = [];

  constructor(text: string, extended: boolean) {
    this.#text = text;
    this.#extended = extended;
  }

  all(): void {
    while (this.error === undefined) {
      this.#skip(/[\s;]/);
      if (this.#at >= this.#text.length) break;
      this.#command();
    }
    if (this.error === undefined && this.#open.length > 0) {
      this.error = "-e expression #1, char 0: unmatched `{'";
    }
    if (this.error === undefined) this.#resolve();
  }

  #fail(message: string): void {
    this.error ??= `-e expression #1, char ${this.#at}: ${message}`;
  }

  #skip(pattern: RegExp): void {
    while (this.#at < this.#text.length && pattern.test(this.#text[this.#at] as string))
      this.#at += 1;
  }

  #resolve(): void {
    const labels = new Map<string, number>();
    this.commands.forEach((command, index) => {
      if (command.name === ':') labels.set(command.text, index);
    });
    for (const command of this.commands) {
      if (!/^[btT]$/.test(command.name) || command.text === '') continue;
      const target = labels.get(command.text);
      if (target === undefined) this.error ??= `can't find label for jump to \`${command.text}'`;
      else command.target = target;
    }
  }

  #address(): Address | undefined {
    const rest = this.#text.slice(this.#at);
    const step = /^(\d+)~(\d+)/.exec(rest);
    if (step !== null) {
      this.#at += step[0].length;
      return { kind: 'step', first: Number(step[1]), step: Number(step[2]) };
    }
    const line = /^\d+/.exec(rest);
    if (line !== null) {
      this.#at += line[0].length;
      return { kind: 'line', line: Number(line[0]) };
    }
    if (rest.startsWith('$')) {
      this.#at += 1;
      return { kind: 'last' };
    }
    if (rest.startsWith('/') || rest.startsWith('\\')) {
      if (rest.startsWith('\\')) this.#at += 1;
      const delimiter = this.#text[this.#at] as string;
      this.#at += 1;
      const source = this.#delimited(delimiter, true);
      if (source === undefined) {
        this.#fail('unterminated address regex');
        return undefined;
      }
      const flags = /^[IM]+/.exec(this.#text.slice(this.#at))?.[0] ?? '';
      this.#at += flags.length;
      return { kind: 'regexp', regexp: this.#compile(source, flags) };
    }
    return undefined;
  }

  #compile(source: string, flags: string): Regexp | undefined {
    if (source === '') return undefined;
    const options = { ignoreCase: /[Ii]/.test(flags), multiline: /[Mm]/.test(flags) };
    const compiled = this.#extended
      ? compileExtended(source, options)
      : compileBasic(source, options);
    if (compiled.ok) return compiled.value;
    this.#fail(compiled.error);
    return undefined;
  }

  /** Text up to an unescaped delimiter, which is passed. */
  #delimited(delimiter: string, pattern: boolean): string | undefined {
    let out = '';
    let inSet = false;
    while (this.#at < this.#text.length) {
      const char = this.#text[this.#at] as string;
      if (char === '\\' && !inSet) {
        const next = this.#text[this.#at + 1];
        if (next === undefined) return undefined;
        this.#at += 2;
        if (next === delimiter)
          out += pattern && /[.*[\]^$+?(){}|]/.test(delimiter) ? `\\${delimiter}` : delimiter;
        else if (next === 'n' && pattern) out += '\\n';
        else out += `\\${next}`;
        continue;
      }
      if (pattern && char === '[' && !inSet) {
        inSet = true;
        out += char;
        this.#at += 1;
        if (this.#text[this.#at] === '^') out += this.#text[this.#at++];
        if (this.#text[this.#at] === ']') out += this.#text[this.#at++];
        continue;
      }
      if (inSet && char === '[' && this.#text[this.#at + 1] === ':') {
        const end = this.#text.indexOf(':]', this.#at + 2);
        if (end > 0) {
          out += this.#text.slice(this.#at, end + 2);
          this.#at = end + 2;
          continue;
        }
      }
      if (inSet && char === ']') inSet = false;
      else if (char === delimiter && !inSet) {
        this.#at += 1;
        return out;
      } else if (inSet && char === '\\' && this.#text[this.#at + 1] === 'n') {
        out += '\n';
        this.#at += 2;
        continue;
      } else if (inSet && char === '\\' && this.#text[this.#at + 1] === 't') {
        out += '\t';
        this.#at += 2;
        continue;
      }
      out += char;
      this.#at += 1;
    }
    return undefined;
  }

  #command(): void {
    const first = this.#address();
    let second: Address | undefined;
    this.#skip(/\s/);
    if (first !== undefined && this.#text[this.#at] === ',') {
      this.#at += 1;
      this.#skip(/\s/);
      const relative = /^([+~])(\d+)/.exec(this.#text.slice(this.#at));
      if (relative !== null) {
        this.#at += relative[0].length;
        second =
          relative[1] === '+'
            ? { kind: 'plus', count: Number(relative[2]) }
            : { kind: 'multiple', of: Number(relative[2]) };
      } else second = this.#address();
      if (second === undefined && this.error === undefined) {
        this.#at += 1;
        this.#fail("unexpected `,'");
      }
      this.#skip(/\s/);
    }
    let negated = false;
    while (this.#text[this.#at] === '!') {
      negated = true;
      this.#at += 1;
      this.#skip(/\s/);
    }
    if (this.error !== undefined) return;
    const name = this.#text[this.#at];
    this.#at += 1;
    if (name === undefined) {
      this.#at -= 1;
      this.#fail('missing command');
      return;
    }
    const base = {
      first,
      second,
      negated,
      name,
      text: '',
      substitution: undefined,
      transliteration: undefined,
      target: -1,
    };
    if (name === '#') {
      this.#skip(/[^\n]/);
      return;
    }
    this.#body(base);
  }

  #body(base: Command): void {
    switch (base.name) {
      case '{':
        this.#open.push(this.commands.length);
        this.commands.push(base);
        return;
      case '}': {
        const open = this.#open.pop();
        if (open === undefined) return this.#fail("unexpected `}'");
        (this.commands[open] as Command).target = this.commands.length;
        this.commands.push(base);
        return this.#endOfCommand();
      }
      case 's':
        return this.#substitute(base);
      case 'y':
        return this.#transliterate(base);
      case 'a':
      case 'i':
      case 'c':
        this.commands.push({ ...base, text: this.#block() });
        return;
      case ':':
        this.#skip(/[ \t]/);
        this.commands.push({ ...base, text: this.#word(/[^\s;]/) });
        return;
      case 'b':
      case 't':
      case 'T':
        this.#skip(/[ \t]/);
        this.commands.push({ ...base, text: this.#word(/[^\s;}]/) });
        return this.#endOfCommand();
      case 'r':
      case 'R':
      case 'w':
      case 'W':
        this.#skip(/[ \t]/);
        this.commands.push({ ...base, text: this.#word(/[^\n]/) });
        if (this.commands.at(-1)?.text === '') this.#fail('missing filename in r/R/w/W commands');
        return;
      case 'q':
      case 'Q':
      case 'l':
      case 'L':
        this.#skip(/[ \t]/);
        this.commands.push({ ...base, text: this.#word(/\d/) });
        return this.#endOfCommand();
      case 'd':
      case 'D':
      case 'p':
      case 'P':
      case 'n':
      case 'N':
      case 'g':
      case 'G':
      case 'h':
      case 'H':
      case 'x':
      case '=':
      case 'z':
      case 'F':
        this.commands.push(base);
        return this.#endOfCommand();
      default:
        return this.#fail(`unknown command: \`${base.name}'`);
    }
  }

  #word(pattern: RegExp): string {
    const start = this.#at;
    this.#skip(pattern);
    return this.#text.slice(start, this.#at);
  }

  #endOfCommand(): void {
    this.#skip(/[ \t]/);
    const char = this.#text[this.#at];
    if (char === undefined || char === '\n' || char === ';' || char === '}' || char === '#') return;
    this.#at += 1;
    this.#fail('extra characters after command');
  }

  /** The text of a, i and c: one-line or after a backslash and newline. */
  #block(): string {
    this.#skip(/[ \t]/);
    if (this.#text[this.#at] === '\\') {
      this.#at += 1;
      this.#skip(/[ \t]/);
      if (this.#text[this.#at] === '\n') this.#at += 1;
    }
    if (this.#at >= this.#text.length) {
      this.#fail("expected \\ after `a', `c' or `i'");
      return '';
    }
    let out = '';
    while (this.#at < this.#text.length) {
      const char = this.#text[this.#at] as string;
      this.#at += 1;
      if (char === '\n') break;
      if (char === '\\') {
        const next = this.#text[this.#at] ?? '';
        this.#at += 1;
        out += next === 't' ? '\t' : next;
      } else out += char;
    }
    return `${out}\n`;
  }

  #substitute(base: Command): void {
    const delimiter = this.#text[this.#at];
    if (delimiter === undefined || delimiter === '\n' || delimiter === '\\')
      return this.#fail("unterminated `s' command");
    this.#at += 1;
    const source = this.#delimited(delimiter, true);
    const replacement = source === undefined ? undefined : this.#delimited(delimiter, false);
    if (source === undefined || replacement === undefined) {
      this.#at = this.#text.length;
      return this.#fail("unterminated `s' command");
    }
    let flags = '';
    let number = 1;
    let file: string | undefined;
    for (;;) {
      const char = this.#text[this.#at];
      if (char === undefined || !/[gpiIemM0-9w]/.test(char)) break;
      if (/\d/.test(char)) {
        number = Number(this.#word(/\d/));
        if (number === 0) return this.#fail("number option to `s' command may not be zero");
        continue;
      }
      this.#at += 1;
      if (char === 'w') {
        this.#skip(/[ \t]/);
        file = this.#word(/[^\n]/);
        break;
      }
      flags += char;
    }
    const regexp = this.#compile(source, flags);
    const parts = parseReplacement(replacement);
    const groups = regexp?.groupCount ?? 9;
    for (const part of parts) {
      if (part.kind === 'group' && part.group > groups)
        return this.#fail(`invalid reference \\${part.group} on \`s' command's RHS`);
    }
    if (file === undefined) {
      const rest = this.#text.slice(this.#at).replace(/^[ \t]+/, '');
      if (rest !== '' && !/^[\n;}#]/.test(rest)) {
        this.#at += 1;
        return this.#fail("unknown option to `s'");
      }
    }
    this.commands.push({
      ...base,
      substitution: {
        regexp,
        replacement: parts,
        global: flags.includes('g'),
        print: flags.includes('p'),
        number,
        file,
      },
    });
  }

  #transliterate(base: Command): void {
    const delimiter = this.#text[this.#at] ?? '';
    this.#at += 1;
    const from = this.#delimited(delimiter, false);
    const to = from === undefined ? undefined : this.#delimited(delimiter, false);
    if (from === undefined || to === undefined) return this.#fail("unterminated `y' command");
    const plain = (text: string): string[] => [
      ...text.replace(/\\n/g, '\n').replace(/\\t/g, '\t').replace(/\\\\/g, '\\'),
    ];
    const source = plain(from);
    const target = plain(to);
    if (source.length !== target.length)
      return this.#fail("strings for `y' command are different lengths");
    const map = new Map(source.map((char, index) => [char, target[index] as string]));
    this.commands.push({ ...base, transliteration: map });
    this.#endOfCommand();
  }
}

function parseReplacement(text: string): ReplacementPart[] {
  const out: ReplacementPart[] = [];
  let plain = '';
  const flush = (): void => {
    if (plain !== '') out.push({ kind: 'text', text: plain });
    plain = '';
  };
  for (let index = 0; index < text.length; index += 1) {
    const char = text[index] as string;
    if (char === '&') {
      flush();
      out.push({ kind: 'group', group: 0 });
    } else if (char !== '\\') plain += char;
    else {
      index += 1;
      const next = text[index] ?? '\\';
      if (/\d/.test(next)) {
        flush();
        out.push({ kind: 'group', group: Number(next) });
      } else if (/[ULEul]/.test(next)) {
        flush();
        out.push({ kind: 'case', change: next as 'U' });
      } else plain += next === 'n' ? '\n' : next === 't' ? '\t' : next === 'r' ? '\r' : next;
    }
  }
  flush();
  return out;
}
