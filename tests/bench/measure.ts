/** Times two or more functions in turn, A B C A B C …, and gives the least time of each in milliseconds. */
export function leastTimes(
  functions: readonly (() => void)[],
  turns = 9,
  warmupMs = 300,
): readonly number[] {
  const until = performance.now() + warmupMs;
  while (performance.now() < until) for (const run of functions) run();
  const least = functions.map(() => Number.POSITIVE_INFINITY);
  for (let turn = 0; turn < turns; turn += 1) {
    functions.forEach((run, index) => {
      const start = performance.now();
      run();
      least[index] = Math.min(least[index] as number, performance.now() - start);
    });
  }
  return least;
}
