/**
 * `$(VAR)` in commands, arguments and variables: known names are replaced, `$$` stands for `$`, what
 * is not known stays (k8s.io/kubernetes/third_party/forked/golang/expansion, v1.34).
 */
export function expand(text: string, value: (name: string) => string | undefined): string {
  if (!text.includes('$')) return text;
  let out = '';
  for (let index = 0; index < text.length; index += 1) {
    const char = text[index] as string;
    const next = text[index + 1];
    if (char !== '$' || next === undefined) {
      out += char;
      continue;
    }
    if (next === '$') {
      out += '$';
      index += 1;
      continue;
    }
    const end = next === '(' ? text.indexOf(')', index + 2) : -1;
    if (end < 0) {
      out += char;
      continue;
    }
    const name = text.slice(index + 2, end);
    out += value(name) ?? `$(${name})`;
    index = end;
  }
  return out;
}
