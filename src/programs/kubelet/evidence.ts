/**
 * What the kubelet has learnt about one pod, piece by piece: who gave it the pod, what the runtime
 * answered about its sandbox and each container, what probes and hooks found, why a container waits.
 * The status is made from these and from nothing else; `status-causes` says which field shows which.
 * A state is never changed once made, so a status that waits to be written keeps what it was made from.
 */
import type { CauseId } from '../../ground/base/event-loop.ts';
import type { Evidence, EvidenceKind } from '../../ground/trace/evidence.ts';
import type { Process } from '../../machines/machine/process.ts';
import type { ContainerStatus as CriContainer, PodSandboxStatus } from '../runtime/wire/index.ts';
import type { WaitReason } from './status.ts';

/** What is known of one container. */
export interface ContainerEvidence {
  /** The last answer of the runtime that said something new. */
  readonly seen: Evidence | undefined;
  /** The last answer that reported its end. */
  readonly exit: Evidence | undefined;
  /** Why it waits. */
  readonly wait: Evidence | undefined;
  /** The last verdict of its start-up or readiness probe. */
  readonly probe: Evidence | undefined;
}

export interface PodEvidence {
  /** How the pod came to this node. */
  readonly origin: Evidence;
  /** The last write to the pod that mattered here. */
  readonly write: Evidence;
  readonly sandbox: Evidence | undefined;
  readonly refusal: Evidence | undefined;
  readonly containers: ReadonlyMap<string, ContainerEvidence>;
}

const NOTHING: ContainerEvidence = {
  seen: undefined,
  exit: undefined,
  wait: undefined,
  probe: undefined,
};

/** Ids as crictl and the trace show them. */
const SHORT_ID = 13;

/** Where each reason to wait was learnt; the message says the rest. */
const WAITS: ReadonlyMap<string, readonly [EvidenceKind, string]> = new Map([
  ['ErrImagePull', ['cri', 'PullImage']],
  ['ImagePullBackOff', ['cri', 'PullImage']],
  ['ErrImageNeverPull', ['cri', 'ImageStatus']],
  ['ImageInspectError', ['cri', 'ImageStatus']],
  ['InvalidImageName', ['refusal', 'image']],
  ['CreateContainerConfigError', ['lookup', 'configuration']],
  ['CreateContainerError', ['cri', 'CreateContainer']],
  ['RunContainerError', ['cri', 'StartContainer']],
  ['PostStartHookError', ['hook', 'postStart']],
]);

export class EvidenceBook {
  readonly #process: Process;
  /** The record of each event about the sandbox or a container since the runtime was last asked. */
  readonly #events = new Map<string, CauseId>();
  #state: PodEvidence;

  constructor(process: Process, kind: 'binding' | 'manifest', text: string) {
    this.#process = process;
    const origin = this.#learn(kind, text);
    this.#state = {
      origin,
      write: origin,
      sandbox: undefined,
      refusal: undefined,
      containers: new Map(),
    };
  }

  /** All that is known now. */
  get state(): PodEvidence {
    return this.#state;
  }

  /** Somebody wrote the pod. */
  written(text: string): void {
    this.#state = { ...this.#state, write: this.#learn('write', text) };
  }

  refused(text: string): void {
    this.#state = { ...this.#state, refusal: this.#learn('refusal', text) };
  }

  /** The runtime told of an event: what is asked next follows from it. */
  event(id: string): void {
    this.#events.set(id, this.#process.trace.loop.cause);
  }

  /** What the runtime answered about the sandbox and its containers, beside what it said before. */
  answered(
    sandbox: PodSandboxStatus,
    known: PodSandboxStatus | undefined,
    containers: ReadonlyMap<string, readonly CriContainer[]>,
    before: ReadonlyMap<string, readonly CriContainer[]>,
  ): void {
    if (sandbox.id !== known?.id || sandbox.state !== known.state || sandbox.ip !== known.ip)
      this.#sandboxSeen(sandbox.id, sandbox.state, sandbox.ip);
    for (const [name, list] of containers) {
      const old = before.get(name) ?? [];
      const [latest, previous] = list;
      for (const container of [previous, latest]) {
        if (container === undefined) continue;
        const known = old.find((one) => one.id === container.id);
        if (known?.state !== container.state)
          this.#containerSeen(name, container, container === latest);
      }
    }
    this.#events.clear();
  }

  /** The runtime knows the sandbox no more. */
  sandboxLost(id: string): void {
    this.#sandboxSeen(id, 'NotFound', '');
  }

  /** A container waits, or waits no more. */
  waits(name: string, wait: WaitReason | undefined): void {
    const known = this.#of(name);
    if (wait === undefined) {
      if (known.wait !== undefined) this.#set(name, { ...known, wait: undefined });
      return;
    }
    const found = WAITS.get(wait.reason);
    const evidence =
      found === undefined
        ? this.#learn('exit', `${known.exit?.text ?? ''}: ${wait.message}`, known.exit?.cause)
        : this.#learn(
            found[0],
            `${found[1]}: ${wait.message}`,
            // A pull that is held back for a while: what it waits for is the failure before.
            wait.reason === 'ImagePullBackOff' ? known.wait?.cause : undefined,
          );
    this.#set(name, { ...known, wait: evidence });
  }

  /** A probe reached a verdict; `record` is what the trace says of it. */
  probed(name: string, text: string, record: CauseId): void {
    this.#set(name, { ...this.#of(name), probe: this.#learn('probe', text, record) });
  }

  #sandboxSeen(id: string, state: string, ip: string): void {
    const text = `PodSandboxStatus ${id.slice(0, SHORT_ID)}: ${state}${ip === '' ? '' : ` ${ip}`}`;
    this.#state = { ...this.#state, sandbox: this.#learn('cri', text, this.#events.get(id)) };
  }

  #containerSeen(name: string, container: CriContainer, isLatest: boolean): void {
    const { id, state, exitCode, reason } = container;
    const ended = state === 'CONTAINER_EXITED';
    const text = `PodSandboxStatus: container ${name} ${id.slice(0, SHORT_ID)} ${state}${ended ? ` exit code ${exitCode} ${reason}` : ''}`;
    const seen = this.#learn(ended ? 'exit' : 'cri', text, this.#events.get(id));
    const known = this.#of(name);
    this.#set(name, {
      ...known,
      seen: isLatest ? seen : known.seen,
      exit: ended ? seen : known.exit,
    });
  }

  #of(name: string): ContainerEvidence {
    return this.#state.containers.get(name) ?? NOTHING;
  }

  #set(name: string, evidence: ContainerEvidence): void {
    const containers = new Map(this.#state.containers).set(name, evidence);
    this.#state = { ...this.#state, containers };
  }

  #learn(kind: EvidenceKind, text: string, cause?: CauseId): Evidence {
    const { loop } = this.#process.trace;
    return { kind, time: loop.now, text, cause: cause ?? loop.cause };
  }
}
