/**
 * crictl v1.34: the container runtime of a node, asked over CRI.
 *
 * Refused: making pods and containers (runp, create, run), attach, port-forward, checkpoint, update, events.
 */
import { SECOND } from '../../../ground/base/event-loop.ts';
import type { Task } from '../../../ground/base/task.ts';
import { formatRfc3339 } from '../../../ground/base/time.ts';
import type { Process, Program } from '../../../machines/machine/process.ts';
import {
  CONTAINERD_SOCKET,
  CriClient,
  type CriError,
  formatRpcError,
} from '../../runtime/wire/index.ts';
import {
  execIn,
  inspectContainers,
  inspectImages,
  inspectPods,
  removeContainers,
  removePods,
  showLogs,
  startContainers,
  stopContainers,
  stopPods,
} from './containers.ts';
import { type CrictlLine, parseCrictl } from './flags.ts';
import { listContainers, listImages, listPods, showStats } from './list.ts';
import { formatOutput } from './print.ts';

const VERSION = 'v1.34.0';

/** One run: its line, the runtime, and the ways to fail. */
export interface Crictl {
  readonly process: Process;
  readonly line: CrictlLine;
  readonly cri: CriClient;
  /** Ends with logrus' fatal line. */
  fail(message: string, code?: number): Task<number>;
  /** The same for a call that the runtime refused. */
  fatal(doing: string, error: CriError): Task<number>;
  usage(command: string, message?: string): Task<number>;
}

export const crictl: Program = {
  name: 'crictl',
  version: VERSION,
  *main(process): Task<number> {
    yield* process.work(process.costs.smallToolMicros);
    const parsed = parseCrictl(process.argv.slice(1));
    if (!parsed.ok) {
      yield* process.print(`Incorrect Usage: ${parsed.error}\n\n${HELP}`);
      return yield* fail(process, parsed.error);
    }
    const line = parsed.value;
    if (line.has('version') && line.command === '') {
      yield* process.print(`crictl version ${VERSION}\n`);
      return 0;
    }
    if (line.command === '' || line.command === 'help' || line.has('help')) {
      yield* process.print(HELP);
      return 0;
    }
    const command = COMMANDS.get(line.command);
    if (command === undefined) {
      yield* process.printError(`No help topic for '${line.command}'\n`);
      return 3;
    }
    const endpoint = line.get('runtime-endpoint') ?? endpointOf(process);
    const path = endpoint.replace(/^unix:\/\//, '');
    const cri = new CriClient(process, path);
    const ready = yield* cri.call('Version', {}, 2 * SECOND);
    if (!ready.ok) {
      return yield* fail(
        process,
        `validate service connection: validate CRI v1 runtime API for endpoint ${JSON.stringify(`unix://${path}`)}: ${formatRpcError(ready.error)}`,
      );
    }
    const tool: Crictl = {
      process,
      line,
      cri,
      fail: (message, code) => fail(process, message, code),
      fatal: (doing, error) =>
        fail(process, `${doing === '' ? '' : `${doing}: `}${formatRpcError(error)}`),
      *usage(name, message) {
        yield* process.print(
          `NAME:\n   crictl ${name}\n\nUSAGE:\n   crictl ${name} [command options]\n`,
        );
        return message === undefined ? 0 : yield* fail(process, message);
      },
    };
    const code = yield* command(tool);
    cri.close();
    return code;
  },
};

function* fail(process: Process, message: string, code = 1): Task<number> {
  yield* process.printError(
    `time="${formatRfc3339(process.clock.wall())}" level=fatal msg=${JSON.stringify(message)}\n`,
  );
  return code;
}

/** /etc/crictl.yaml, else containerd's socket. */
function endpointOf(process: Process): string {
  const text = process.files.readText('/etc/crictl.yaml');
  const match = text.ok ? /^runtime-endpoint:\s*"?([^"\s]+)"?/m.exec(text.value) : null;
  return process.env.get('CONTAINER_RUNTIME_ENDPOINT') ?? match?.[1] ?? CONTAINERD_SOCKET;
}

function* version(tool: Crictl): Task<number> {
  const answer = yield* tool.cri.call('Version', {});
  if (!answer.ok) return yield* tool.fatal('getting the runtime version', answer.error);
  const { runtimeName, runtimeVersion, runtimeApiVersion } = answer.value;
  yield* tool.process.print(
    `Version:  0.1.0\nRuntimeName:  ${runtimeName}\nRuntimeVersion:  ${runtimeVersion}\nRuntimeApiVersion:  ${runtimeApiVersion}\n`,
  );
  return 0;
}

function* info(tool: Crictl): Task<number> {
  const answer = yield* tool.cri.call('Status', {});
  if (!answer.ok) return yield* tool.fatal('getting status of runtime', answer.error);
  const { runtimeReady, networkReady, networkReason, networkMessage } = answer.value;
  const value = {
    status: {
      conditions: [
        { message: '', reason: '', status: runtimeReady, type: 'RuntimeReady' },
        {
          message: networkMessage,
          reason: networkReason,
          status: networkReady,
          type: 'NetworkReady',
        },
      ],
    },
  };
  yield* tool.process.print(formatOutput(value, tool.line.get('output') ?? 'json'));
  return 0;
}

function* pull(tool: Crictl): Task<number> {
  const image = tool.line.operands[0];
  if (image === undefined) return yield* tool.fail('image name cannot be empty');
  const answer = yield* tool.cri.call('PullImage', { image });
  if (!answer.ok) return yield* tool.fatal('pulling image', answer.error);
  yield* tool.process.print(`Image is up to date for ${answer.value.imageRef}\n`);
  return 0;
}

function* removeImages(tool: Crictl): Task<number> {
  const { operands } = tool.line;
  if (operands.length === 0)
    return yield* tool.fail('need to specify either image name(s), --all or --prune');
  for (const name of operands) {
    const found = yield* tool.cri.call('ImageStatus', { image: name });
    if (!found.ok)
      return yield* tool.fatal(`image status request for "${name}" failed`, found.error);
    if (found.value.image === undefined) return yield* tool.fail(`no such image ${name}`);
    const done = yield* tool.cri.call('RemoveImage', { image: name });
    if (!done.ok) return yield* tool.fatal(`error of removing image "${name}"`, done.error);
    const tags =
      found.value.image.repoTags.length > 0 ? found.value.image.repoTags : [found.value.image.id];
    yield* tool.process.print(tags.map((tag) => `Deleted: ${tag}\n`).join(''));
  }
  return 0;
}

function* fileSystemUse(tool: Crictl): Task<number> {
  const answer = yield* tool.cri.call('ImageFsInfo', {});
  if (!answer.ok) return yield* tool.fatal('image filesystem info request', answer.error);
  const { usedBytes, inodesUsed } = answer.value;
  const value = {
    status: {
      containerFilesystems: [],
      imageFilesystems: [
        {
          fsId: { mountpoint: '/var/lib/containerd/io.containerd.snapshotter.v1.overlayfs' },
          inodesUsed: { value: String(inodesUsed) },
          timestamp: String(tool.process.clock.wall() * 1000),
          usedBytes: { value: String(usedBytes) },
        },
      ],
    },
  };
  yield* tool.process.print(formatOutput(value, tool.line.get('output') ?? 'json'));
  return 0;
}

const COMMANDS: ReadonlyMap<string, (tool: Crictl) => Task<number>> = new Map([
  ['ps', listContainers],
  ['pods', listPods],
  ['images', listImages],
  ['image', listImages],
  ['img', listImages],
  ['logs', showLogs],
  ['exec', execIn],
  ['inspect', inspectContainers],
  ['inspectp', inspectPods],
  ['inspecti', inspectImages],
  ['start', startContainers],
  ['stop', stopContainers],
  ['rm', removeContainers],
  ['stopp', stopPods],
  ['rmp', removePods],
  ['rmi', removeImages],
  ['pull', pull],
  ['stats', showStats],
  ['info', info],
  ['version', version],
  ['imagefsinfo', fileSystemUse],
]);

const HELP = `NAME:
   crictl - client for CRI

USAGE:
   crictl [global options] command [command options]

VERSION:
   ${VERSION}

COMMANDS:
   exec                Run a command in a running container
   images, image, img  List images
   imagefsinfo         Return image filesystem info
   info                Display information of the container runtime
   inspect             Display the status of one or more containers
   inspecti            Return the status of one or more images
   inspectp            Display the status of one or more pods
   logs                Fetch the logs of a container
   pods                List pods
   ps                  List containers
   pull                Pull an image from a registry
   rm                  Remove one or more containers
   rmi                 Remove one or more images
   rmp                 Remove one or more pods
   start               Start one or more created containers
   stats               List container(s) resource usage statistics
   stop                Stop one or more running containers
   stopp               Stop one or more running pods
   version             Display runtime version information
   help, h             Shows a list of commands or help for one command
`;
