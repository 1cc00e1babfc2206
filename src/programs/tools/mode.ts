/** Permission modes: `755`, `u+x,go-w`, `a=rX` (chmod(1)). */

interface Clause {
  readonly who: string;
  readonly operator: string;
  readonly what: string;
}

/** The clauses of a symbolic mode, or the number; undefined when it is neither. */
export function parseMode(text: string): number | readonly Clause[] | undefined {
  if (/^[0-7]{1,5}$/.test(text)) return Number.parseInt(text, 8) & 0o7777;
  const clauses: Clause[] = [];
  for (const part of text.split(',')) {
    const head = /^([ugoa]*)((?:[-+=][rwxXst]*|[-+=][ugo])+)$/.exec(part);
    if (head === null) return undefined;
    for (const match of (head[2] as string).matchAll(/([-+=])([rwxXstugo]*)/g)) {
      clauses.push({
        who: head[1] as string,
        operator: match[1] as string,
        what: match[2] as string,
      });
    }
  }
  return clauses.length === 0 ? undefined : clauses;
}

/** The mode after the change; undefined when the text is no mode. */
export function applyMode(text: string, mode: number, directory: boolean): number | undefined {
  const parsed = parseMode(text);
  if (parsed === undefined || typeof parsed === 'number') return parsed;
  let result = mode;
  for (const clause of parsed) {
    const who = clause.who === '' || clause.who.includes('a') ? 'ugo' : clause.who;
    for (const letter of who) {
      const shift = letter === 'u' ? 6 : letter === 'g' ? 3 : 0;
      let bits = 0;
      for (const each of clause.what) {
        if (each === 'r') bits |= 4 << shift;
        else if (each === 'w') bits |= 2 << shift;
        else if (each === 'x' || (each === 'X' && (directory || (mode & 0o111) !== 0)))
          bits |= 1 << shift;
        else if (each === 's' && letter === 'u') bits |= 0o4000;
        else if (each === 's' && letter === 'g') bits |= 0o2000;
        else if (each === 't') bits |= 0o1000;
        else if ('ugo'.includes(each))
          bits |= ((mode >> (each === 'u' ? 6 : each === 'g' ? 3 : 0)) & 7) << shift;
      }
      if (clause.operator === '+') result |= bits;
      else if (clause.operator === '-') result &= ~bits;
      else result = (result & ~(7 << shift)) | bits;
    }
  }
  return result;
}
