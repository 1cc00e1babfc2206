/** A process without a machine, for unit tests of programs: time, work, randomness and the trace. */
import type { EventLoop, Micros } from '../../src/ground/base/event-loop.ts';
import { RandomStream } from '../../src/ground/base/random.ts';
import { sleep, startTask, type Task } from '../../src/ground/base/task.ts';
import { Recorder } from '../../src/ground/trace/recorder.ts';
import { MODERN_COSTS } from '../../src/machines/machine/costs.ts';
import type { Process } from '../../src/machines/machine/process.ts';

export interface FakeProcess {
  readonly process: Process;
  readonly log: string[];
  kill(): void;
}

/** Tasks run on the loop; `work`, `sleep` and `fsync` take their time, on as many CPUs as are wanted. */
export function fakeProcess(
  loop: EventLoop,
  name: string,
  trace = new Recorder(loop),
): FakeProcess {
  const log: string[] = [];
  const running = new Set<{ kill(): void }>();
  function* wait(micros: Micros): Task<void> {
    yield* sleep(micros);
  }
  const process = {
    pid: 1,
    uid: 0,
    argv: [name],
    env: new Map(),
    hostname: 'cp-1',
    clock: { wall: () => MODERN_COSTS.epoch + loop.now, monotonic: () => loop.now },
    random: new RandomStream(7, name),
    costs: MODERN_COSTS,
    trace,
    sleep: wait,
    work: wait,
    fsync: () => wait(MODERN_COSTS.fsyncMicros),
    memory: () => {},
    log: (severity: string, source: string, text: string) =>
      log.push(`${severity} ${source} ${text}`),
    start<T>(task: string, body: Task<T>) {
      const run = startTask(loop, body, task);
      running.add(run);
      return run;
    },
  };
  return {
    process: process as unknown as Process,
    log,
    kill: () => {
      for (const run of running) run.kill();
    },
  };
}
