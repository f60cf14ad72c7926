/**
 * A worker of a count: it gets its counter once, then units, and writes each one's partial result. What is wrong with
 * a file ends that unit only; what is wrong with the machine ends the count.
 */
import {
  type CaptionArena,
  captionArena,
  errorLine,
  exitCode,
  readCaptions,
  Stopped,
} from "../../data_utils/mod.ts";
import type { CounterKind, UnitCounter } from "../count/counter.ts";
import { counterKind } from "./kinds.ts";
import { writePartial } from "./partial_file.ts";
import type { UnitEnd, UnitFailure, UnitTask, WorkerReply, WorkerRequest } from "./unit_task.ts";

/** The part of a worker's global scope used here. */
interface WorkerScope {
  onmessage: ((event: MessageEvent<WorkerRequest>) => void) | null;
  postMessage(reply: WorkerReply): void;
}

interface Bench {
  arena: CaptionArena;
  counter: UnitCounter;
}

/** Milliseconds between two reports of progress. */
const EVERY = 200;
/** What systems say of a full disk; see data_utils/runs/atomic.ts. */
const NO_ROOM = /\(os error (28|122|27|112|39)\)/;

const scope = globalThis as unknown as WorkerScope, stop = new AbortController();
let kind: CounterKind<unknown>, spec: unknown, scratch: string;
let bench: Bench | null = null;

const failureOf = (error: unknown): UnitFailure => ({
  message: errorLine(error),
  input: exitCode(error) === 2,
});

async function openBench(): Promise<Bench> {
  const arena = captionArena();
  return { arena, counter: await kind.open(spec, arena, scratch) };
}

/** Counts a unit. Throws what is wrong with the machine. */
async function count({ file, unit, from, identity, path }: UnitTask): Promise<UnitEnd> {
  const { arena, counter } = bench ??= await openBench();
  const start = performance.now();
  let told = start, captions = 0;
  const sink = (count: number) => {
    counter.add(count);
    captions += count;
    if (performance.now() - told < EVERY) return;
    scope.postMessage({ captions });
    told = performance.now();
    captions = 0;
  };
  try {
    const { tally, began, ended } = await readCaptions(file, unit, arena, sink, {
      from,
      signal: stop.signal,
    });
    if (began < 0) {
      bench = null; // it holds what was counted on a wrong guess
      return { unsure: true };
    }
    const result = { began, ended, tally: { ...tally }, seconds: (performance.now() - start) / 1000 };
    scope.postMessage({ captions });
    await writePartial(
      path,
      `${scratch}/draft`,
      { ...identity, ...result },
      (body) => counter.finish(body),
    ).catch((error) => Promise.reject(new Unwritten(error)));
    return { result };
  } catch (error) {
    bench = null; // it holds half a unit
    if (stop.signal.aborted || error instanceof Stopped) throw error;
    if (error instanceof Unwritten) throw error.cause;
    if (error instanceof Error && NO_ROOM.test(error.message)) throw error;
    return { failure: failureOf(error) };
  }
}

/** What went wrong on writing: never the captions' fault. */
class Unwritten extends Error {
  constructor(cause: unknown) {
    super("", { cause });
  }
}

async function open(request: { kind: string; spec: unknown; scratch: string }): Promise<void> {
  ({ spec, scratch } = request);
  await Deno.mkdir(scratch, { recursive: true });
  kind = await counterKind(request.kind);
  bench = await openBench();
}

let opened: Promise<void> | undefined;

scope.onmessage = async ({ data }) => {
  try {
    if ("stop" in data) stop.abort(new Stopped("Stopped"));
    else if ("open" in data) await (opened = open(data.open));
    else {
      await opened;
      scope.postMessage({ end: await count(data.task) });
    }
  } catch (error) {
    scope.postMessage(stop.signal.aborted ? { stopped: true } : { fatal: failureOf(error) });
  }
};
