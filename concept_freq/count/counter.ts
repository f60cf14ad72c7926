/**
 * What a worker does with captions: it counts those of one unit and hands the counts over as the body of a partial
 * result. Which kind of counter, and everything it needs, travels to the worker as a plain specification.
 */
import type { CaptionArena } from "../../data_utils/mod.ts";

/** Counts the captions of a unit. */
export interface UnitCounter {
  /** Takes the first `count` captions of the arena's spans; may overwrite their bytes. */
  add(count: number): void;
  /** Writes the counts since the last call behind what `file` holds, and starts anew. */
  finish(file: Deno.FsFile): Promise<void>;
}

/** A kind of counter, named in a specification. `Spec` is plain data that can be posted to a worker. */
export interface CounterKind<Spec> {
  readonly name: string;
  /** Makes a counter in a worker, in the free part of `arena`. `scratch` is a folder of the worker's own. */
  open(spec: Spec, arena: CaptionArena, scratch: string): UnitCounter | Promise<UnitCounter>;
}
