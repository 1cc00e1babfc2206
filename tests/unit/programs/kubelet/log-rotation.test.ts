/** A container's log that the kubelet rotates under its writer: names, number and packing of the files. */
import { gunzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import type { Pod } from '../../../../src/ground/api/types.ts';
import { textOf } from '../../../../src/ground/base/bytes.ts';
import { ok } from '../../../../src/ground/base/result.ts';
import type { Content, Files } from '../../../../src/machines/machine/files-types.ts';
import type { Core } from '../../../../src/programs/kubelet/core.ts';
import { removeLogs, rotateLogs } from '../../../../src/programs/kubelet/log-rotation.ts';
import type { PodWorker } from '../../../../src/programs/kubelet/pod-worker.ts';
import { LogFile } from '../../../../src/programs/runtime/log-file.ts';
import { logLinesOf } from '../../../../src/programs/runtime/wire/index.ts';

const FOLDER = '/var/log/pods/default_web_u/c';
const EPOCH = Date.UTC(2026, 2, 2, 9) * 1000;

/** Files as a map of paths. */
function mapFiles(): { readonly files: Files; readonly held: Map<string, Content> } {
  const held = new Map<string, Content>();
  const below = (path: string) => [...held.keys()].filter((each) => each.startsWith(`${path}/`));
  const files = {
    mkdir: () => ok(undefined),
    exists: (path: string) => held.has(path),
    write: (path: string, content: Content) => ok(void held.set(path, content)),
    readContent: (path: string) => ok(held.get(path)),
    list: (path: string) =>
      ok(
        below(path)
          .map((each) => each.slice(path.length + 1))
          .sort(),
      ),
    unlink: (path: string) => ok(void held.delete(path)),
    removeAll: (path: string) => ok(below(path).forEach((each) => void held.delete(each))),
    rename(from: string, to: string) {
      held.set(to, held.get(from) as Content);
      return ok(void held.delete(from));
    },
  };
  return { files: files as unknown as Files, held };
}

it('keeps five files, packs the older ones and loses no line', () => {
  const { files, held } = mapFiles();
  let wall = EPOCH;
  const log = new LogFile(files, { wall: () => wall, monotonic: () => wall }, `${FOLDER}/0.log`);
  const cri = {
    *call(method: string) {
      expect(method).toBe('ReopenContainerLog');
      log.reopen();
      return ok({});
    },
  };
  const core = { process: { files, clock: { wall: () => wall } }, cri } as unknown as Core;
  const latest = { id: 'id', state: 'CONTAINER_RUNNING', logPath: `${FOLDER}/0.log` };
  const worker = { containers: new Map([['c', [latest]]]) } as unknown as PodWorker;
  const look = (): void => {
    wall += 10_000_000;
    rotateLogs(core, [worker]).next();
  };
  const body = 'x'.repeat(16_000);
  let count = 0;
  for (let round = 0; round < 7; round += 1) {
    for (let line = 0; line < 700; line += 1) {
      count += 1;
      log.write('stdout', `${count} ${body}\n`);
    }
    look();
  }
  look();
  const names = [...held.keys()].map((path) => path.slice(FOLDER.length + 1)).sort();
  expect(names).toEqual([
    '0.log',
    '0.log.20260302-090040.gz',
    '0.log.20260302-090050.gz',
    '0.log.20260302-090100.gz',
    '0.log.20260302-090110',
  ]);
  const packed = (held.get(`${FOLDER}/${names[3]}`) as { render(): Uint8Array }).render();
  const numbers = [
    ...textOf(gunzipSync(packed)).trimEnd().split('\n'),
    ...logLinesOf(held.get(`${FOLDER}/${names[4]}`) as Content).map((line) => `F ${line.text}`),
  ].map((line) => Number(/F (\d+) /.exec(line)?.[1]));
  expect(numbers).toEqual(Array.from({ length: 1400 }, (_, index) => 3501 + index));
});

it('a small log stays, and goes with its pod', () => {
  const { files, held } = mapFiles();
  const clock = { wall: () => EPOCH, monotonic: () => 0 };
  const log = new LogFile(files, clock, `${FOLDER}/0.log`);
  log.write('stderr', 'a\n');
  const latest = { id: 'id', state: 'CONTAINER_RUNNING', logPath: `${FOLDER}/0.log` };
  const worker = { containers: new Map([['c', [latest]]]) } as unknown as PodWorker;
  const core = { process: { files, clock } } as unknown as Core;
  expect(rotateLogs(core, [worker]).next().done).toBe(true);
  const pod = { metadata: { name: 'web', namespace: 'default', uid: 'u' } } as Pod;
  removeLogs(core.process, pod);
  expect([...held.keys()]).toEqual([]);
});
