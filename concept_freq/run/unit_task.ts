/** What a count's main thread and its workers say to each other, and what identifies the work of one unit. */
import type { CaptionFile, CaptionTally, CaptionUnit, Fingerprint } from "../../data_utils/mod.ts";

/** Which unit of which file under which settings: a partial result that fits needs no counting. */
export interface UnitIdentity {
  readonly digest: string;
  /** The file relative to the inputs' common folder. */
  readonly file: string;
  readonly fingerprint: Fingerprint;
  readonly unit: CaptionUnit;
}

/** How the reading of a unit went, as its partial result says. */
export interface UnitResult {
  /** Where its first record began, and where the one behind its last begins. */
  readonly began: number;
  readonly ended: number;
  readonly tally: CaptionTally;
  readonly seconds: number;
}

/** A unit to count. */
export interface UnitTask {
  /** The file, of whose units only this one is given. */
  readonly file: CaptionFile;
  readonly unit: CaptionUnit;
  /** Where its first record begins, when that is known. */
  readonly from?: number;
  readonly identity: UnitIdentity;
  /** Where the partial result goes. */
  readonly path: string;
}

/** Why something could not be read; `input` when the file is to blame rather than the machine. */
export interface UnitFailure {
  readonly message: string;
  readonly input: boolean;
}

/** How a unit ended; unsure when where it begins could not be told without the unit before. */
export type UnitEnd =
  | { readonly result: UnitResult }
  | { readonly failure: UnitFailure }
  | { readonly unsure: true };

/** To a worker: what it counts with, a unit, or to stop at the next batch. */
export type WorkerRequest =
  | { readonly open: { kind: string; spec: unknown; scratch: string } }
  | { readonly task: UnitTask }
  | { readonly stop: true };

/** From a worker: captions counted since it last said so, the end of its unit, that it stopped, or why nothing goes. */
export type WorkerReply =
  | { readonly captions: number }
  | { readonly end: UnitEnd }
  | { readonly stopped: true }
  | { readonly fatal: UnitFailure };
