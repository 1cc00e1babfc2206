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
  /** The answers that reported the ends of its last two lives, newest first. */
  readonly exits: readonly Evidence[];
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

export const NOTHING: ContainerEvidence = {
  seen: undefined,
  exits: [],
  wait: undefined,
  probe: undefined,
};

/** Ids as crictl and the trace show them. */
const SHORT_ID = 13;

/** Which records of the runtime stand behind what it answers. */
const VERBS = {
  ready: ['run-sandbox'],
  stopped: ['sandbox-exited'],
  running: ['start-container'],
  exited: ['container-exited', 'start-failed'],
} as const;

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
    if (wait !== undefined) this.#set(name, { ...known, wait: this.#waitFor(wait, known) });
    else if (known.wait !== undefined) this.#set(name, { ...known, wait: undefined });
  }

  #waitFor(wait: WaitReason, known: ContainerEvidence): Evidence {
    const found = WAITS.get(wait.reason);
    if (found === undefined) {
      // CrashLoopBackOff: it waits for nothing but time since its end.
      const [exit] = known.exits;
      const text = `${exit?.text ?? ''}: ${wait.message}`;
      return this.#learn('exit', text, exit?.cause, exit?.object, exit?.verbs);
    }
    // A pull that is held back for a while: what it waits for is the failure before.
    const held = wait.reason === 'ImagePullBackOff' ? known.wait?.cause : undefined;
    return this.#learn(found[0], `${found[1]}: ${wait.message}`, held);
  }

  /** A probe reached a verdict; `record` is what the trace says of it. */
  probed(name: string, text: string, record: CauseId): void {
    this.#set(name, { ...this.#of(name), probe: this.#learn('probe', text, record) });
  }

  #sandboxSeen(id: string, state: string, ip: string): void {
    const text = `PodSandboxStatus ${id.slice(0, SHORT_ID)}: ${state}${ip === '' ? '' : ` ${ip}`}`;
    const verbs = state === 'SANDBOX_READY' ? VERBS.ready : VERBS.stopped;
    const sandbox = this.#learn('cri', text, this.#events.get(id), objectOf(id), verbs);
    this.#state = { ...this.#state, sandbox };
  }

  #containerSeen(name: string, container: CriContainer, isLatest: boolean): void {
    const { id, state, exitCode, reason } = container;
    const ended = state === 'CONTAINER_EXITED';
    const text = `PodSandboxStatus: container ${name} ${id.slice(0, SHORT_ID)} ${state}${ended ? ` exit code ${exitCode} ${reason}` : ''}`;
    const cause = this.#events.get(id);
    const verbs = ended ? VERBS.exited : VERBS.running;
    const seen = this.#learn(ended ? 'exit' : 'cri', text, cause, objectOf(id), verbs);
    const known = this.#of(name);
    this.#set(name, {
      ...known,
      seen: isLatest ? seen : known.seen,
      exits: ended ? [seen, ...known.exits.slice(0, 1)] : known.exits,
    });
  }

  #of(name: string): ContainerEvidence {
    return this.#state.containers.get(name) ?? NOTHING;
  }

  #set(name: string, evidence: ContainerEvidence): void {
    const containers = new Map(this.#state.containers).set(name, evidence);
    this.#state = { ...this.#state, containers };
  }

  #learn(
    kind: EvidenceKind,
    text: string,
    cause?: CauseId,
    object?: string,
    verbs?: readonly string[],
  ): Evidence {
    const { loop } = this.#process.trace;
    const evidence = { kind, time: loop.now, text, cause: cause ?? loop.cause };
    if (object === undefined) return evidence;
    return verbs === undefined ? { ...evidence, object } : { ...evidence, object, verbs };
  }
}

/** A sandbox or a container, as the runtime's records name it. */
function objectOf(id: string): string {
  return `Container/${id.slice(0, SHORT_ID)}`;
}
