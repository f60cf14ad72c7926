/**
 * The workers of a count: each takes the next unit when it is done with one, so that large and small files keep all of
 * them busy to the end.
 */
import { Failure, Stopped } from "../../data_utils/mod.ts";
import type { UnitEnd, UnitTask, WorkerReply, WorkerRequest } from "./unit_task.ts";

/** Workers that count units. */
export interface UnitPool {
  /**
   * Counts a unit when a worker is free. Rejects with Stopped after the signal, and with Failure for what is wrong with
   * the machine rather than with the file; then all that was given is rejected.
   */
  run(task: UnitTask): Promise<UnitEnd>;
  /** Ends the workers: those at work when the signal aborted have two seconds to end a batch. */
  close(): Promise<void>;
}

/** What workers count with. */
export interface PoolOptions {
  readonly workers: number;
  readonly kind: string;
  readonly spec: unknown;
  /** Folder for the workers' folders. */
  readonly scratch: string;
  /** Captions counted since the last call. */
  readonly onCaptions: (captions: number) => void;
  readonly signal: AbortSignal;
}

interface Waiting {
  readonly task: UnitTask;
  readonly resolve: (end: UnitEnd) => void;
  readonly reject: (error: Error) => void;
}

interface Member {
  readonly worker: Worker;
  busy: Waiting | null;
}

/** Milliseconds for a batch to end. */
const GRACE = 2000;

/** Starts workers as units come, at most as many as asked for. */
export function openPool(options: PoolOptions): UnitPool {
  const { workers, kind, spec, scratch, onCaptions, signal } = options;
  const queue: Waiting[] = [], members: Member[] = [];
  let broken: Error | null = null, next = 0, onIdle = () => {};
  const send = (worker: Worker, request: WorkerRequest) => worker.postMessage(request);

  const failAll = (error: Error) => {
    broken ??= error;
    for (const { reject } of queue.splice(next)) reject(broken);
    for (const member of members) {
      member.busy?.reject(broken);
      member.busy = null;
    }
    onIdle();
  };

  const give = (member: Member) => {
    member.busy = queue[next++] ?? null;
    if (member.busy) send(member.worker, { task: member.busy.task });
    else next = queue.length;
  };

  const hire = () => {
    const worker = new Worker(new URL("./unit_worker.ts", import.meta.url), { type: "module" });
    const member: Member = { worker, busy: null };
    worker.onmessage = ({ data }: MessageEvent<WorkerReply>) => {
      if ("captions" in data) return onCaptions(data.captions);
      if ("fatal" in data) return failAll(new Failure(data.fatal.message, data.fatal.input ? 2 : 1));
      if ("end" in data) member.busy?.resolve(data.end);
      else member.busy?.reject(stopped());
      member.busy = null;
      if (broken || signal.aborted) onIdle();
      else give(member);
    };
    worker.onerror = (event) => {
      event.preventDefault();
      failAll(new Failure(`A worker failed: ${event.message}`, 1));
    };
    send(worker, { open: { kind, spec, scratch: `${scratch}/worker-${members.length}` } });
    members.push(member);
    return member;
  };

  const onAbort = () => {
    for (const { reject } of queue.splice(next)) reject(stopped());
    for (const { worker } of members) send(worker, { stop: true });
  };
  signal.addEventListener("abort", onAbort, { once: true });

  return {
    run(task) {
      if (broken) return Promise.reject(broken);
      if (signal.aborted) return Promise.reject(stopped());
      return new Promise((resolve, reject) => {
        queue.push({ task, resolve, reject });
        const free = members.find(({ busy }) => !busy) ?? (members.length < workers ? hire() : undefined);
        if (free) give(free);
      });
    },
    async close() {
      signal.removeEventListener("abort", onAbort);
      const busy = () => members.some((member) => member.busy);
      if (busy() && !broken) {
        let timer: ReturnType<typeof setTimeout> | undefined;
        await new Promise<void>((resolve) => {
          timer = setTimeout(resolve, GRACE);
          onIdle = () => void (busy() || resolve());
        });
        clearTimeout(timer);
      }
      for (const { worker } of members) worker.terminate();
      failAll(stopped());
    },
  };
}

function stopped(): Stopped {
  return new Stopped("Stopped");
}
