/** Scripts made by seed: features composed into one another, deterministic, with visible results. */
import { RandomStream } from '../../../src/ground/base/random.ts';

export function generateScripts(seed: number, count: number): string[] {
  const random = new RandomStream(seed, 'shell-parity');
  return Array.from({ length: count }, () => new Writer(random).script());
}

class Writer {
  readonly #random: RandomStream;

  constructor(random: RandomStream) {
    this.#random = random;
  }

  #pick<T>(items: readonly T[]): T {
    return items[this.#random.below(items.length)] as T;
  }

  #number(): number {
    return this.#random.below(12);
  }

  #word(): string {
    return this.#pick([
      'alpha',
      'b',
      'c d',
      'x*y',
      'foo.bar.baz',
      '',
      'A-B',
      'one two  three',
      '/usr/lib/x.so',
      'abcabc',
      "it's",
      'tab\there',
      '10',
      '007',
    ]);
  }

  #literal(): string {
    return `'${this.#word().replace(/'/g, "'\\''")}'`;
  }

  #variable(): string {
    return this.#pick(['v', 'w', 'n', 'unset_one']);
  }

  #expression(depth = 0): string {
    if (depth > 2 || this.#random.below(3) === 0)
      return this.#pick([`${this.#number()}`, 'n', 'm', `(${this.#number()}-n)`]);
    const operator = this.#pick([
      '+',
      '-',
      '*',
      '<',
      '>',
      '==',
      '&',
      '|',
      '^',
      '<<',
      '&&',
      '||',
      ',',
    ]);
    const right = operator === '<<' ? `${this.#random.below(5)}` : this.#expression(depth + 1);
    return `${this.#expression(depth + 1)} ${operator} ${right}`;
  }

  #expansion(): string {
    const name = this.#variable();
    const pattern = this.#pick(['a', '*b', '*.', '?', '[a-c]', '* ', '/*', '*/', 'b*']);
    return this.#pick([
      `$${name}`,
      `\${${name}:-${this.#pick(['d', '$w', '"q r"'])}}`,
      `\${${name}+set}`,
      `\${#${name}}`,
      `\${${name}#${pattern}}`,
      `\${${name}##${pattern}}`,
      `\${${name}%${pattern}}`,
      `\${${name}%%${pattern}}`,
      `\${${name}/${pattern.replace(/\//g, '\\/')}/_}`,
      `\${${name}//${pattern.replace(/\//g, '\\/').replace('*', 'o')}/-}`,
      `\${${name}^^}`,
      `\${${name}:${this.#random.below(4)}:${this.#random.below(4)}}`,
      `$((${this.#expression()}))`,
      `$(printf '%s' ${this.#literal()} | ${this.#filter()})`,
      '"${a[@]}"',
      '${#a[@]}',
      `\${a[${this.#random.below(3)}]}`,
    ]);
  }

  #argument(): string {
    return this.#pick([
      () => this.#literal(),
      () => this.#expansion(),
      () => `"${this.#expansion().replace(/"/g, '')}"`,
      () => this.#pick(['{1..3}', 'p{a,b}q', 'plain', '"$@"', '$*']),
    ])();
  }

  #filter(): string {
    return this.#pick([
      'cat',
      'tr a-c A-C',
      "sed 's/[aeiou]/<&>/g'",
      'rev',
      'sort',
      'wc -c',
      'awk \'{print NF":"$1}\'',
      'cut -c1-3',
      'head -n 1',
      "grep -c ''",
      "sed -n 's/o/0/gp'",
      'uniq -c',
      'awk \'{ gsub(/a/, "4"); print length($0), $0 }\'',
      "tr -d ' '",
      "grep -o '[a-z]*' | tail -n 1",
    ]);
  }

  #test(): string {
    return this.#pick([
      `[ ${this.#number()} -${this.#pick(['lt', 'gt', 'eq', 'ne'])} $n ]`,
      `[[ $v == ${this.#pick(['a*', '*b*', '"$w"', '?'])} ]]`,
      `[[ -${this.#pick(['n', 'z'])} "$${this.#variable()}" ]]`,
      `(( ${this.#expression()} ))`,
      `[[ $v =~ ${this.#pick(['^a', '[0-9]+', '(b|c)', 'o{2}'])} ]]`,
      `echo "$v" | grep -q ${this.#pick(['a', 'b', "'^$'"])}`,
    ]);
  }

  #statement(depth: number): string {
    const simple = (): string =>
      `printf '<%s>\\n' ${Array.from({ length: 1 + this.#random.below(3) }, () => this.#argument()).join(' ')}`;
    if (depth > 2) return simple();
    const inner = (): string => this.#statement(depth + 1);
    return this.#pick([
      simple,
      simple,
      () => `${simple()} | ${this.#filter()}`,
      () => `if ${this.#test()}; then ${inner()}; else ${inner()}; fi`,
      () => `for i in ${this.#argument()} ${this.#argument()}; do echo "i=$i"; ${inner()}; done`,
      () => `n=$(( ${this.#expression()} )); echo "n=$n"`,
      () => `v=${this.#argument()}; echo "v=$v"`,
      () => `${this.#test()} && echo yes || echo no`,
      () =>
        `case ${this.#argument()} in a*|b) echo first;; *" "*) echo blank;; *) ${inner()};; esac`,
      () =>
        `f() { local w=$1; ${inner()}; return ${this.#random.below(3)}; }; f ${this.#argument()}; echo "f=$?"`,
      () => `( ${inner()}; v=inner; ); echo "out=$v"`,
      () => `a+=(${this.#argument()}); echo "\${#a[@]}"`,
      () => `while (( m < 3 )); do ((m++)); ${inner()}; done`,
      () => `cat <<E\nhere ${this.#expansion().replace(/\n/g, '')}\nE\ntrue`,
      () => `set -- ${this.#argument()} ${this.#argument()}; echo "$# $1"`,
    ])();
  }

  script(): string {
    const lines = [
      `v=${this.#literal()}`,
      `w=${this.#literal()}`,
      `n=${this.#number()} m=${this.#random.below(3)}`,
      `a=(${this.#literal()} ${this.#literal()})`,
      `set -- ${this.#literal()} ${this.#literal()}`,
    ];
    const count = 2 + this.#random.below(4);
    for (let index = 0; index < count; index += 1) lines.push(this.#statement(0));
    return lines.join('\n');
  }
}
