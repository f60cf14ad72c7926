/**
 * What a count over many files is given and gives back: the job, and where it left which partial results. The counts
 * themselves are the business of the kind of counter; here are files, units and how reading went.
 */
import type { CaptionOptions, CaptionTally, Progress } from "../../data_utils/mod.ts";

/** One part of `of`, numbered from 1: the units that another machine does not take. */
export interface Shard {
  readonly index: number;
  readonly of: number;
}

/** A count to be made. */
export interface CountJob<Spec = unknown> {
  /** The command that asks: "class". */
  readonly command: string;
  /** Tells it from the command's other counts in the same `out`; part of a file name. */
  readonly name: string;
  /** What the captions are called in the tables' names. */
  readonly captionsName: string;
  /** A counter of kinds.ts, or the URL of a module that exports one as `counterKind`. */
  readonly kind: string;
  /** What the counter needs, posted to each worker. */
  readonly spec: Spec;
  /**
   * All that determines the counts besides the inputs, by names that a user understands: `{ concepts: SHA-256, modern:
   * "false" }`. A count goes on, and shards go together, only where these agree.
   */
  readonly settings: Readonly<Record<string, string>>;
  /** What the tables need besides the counts, as plain JSON; kept in the plan, so that `freq merge` has it too. */
  readonly about: unknown;
  /** Writes larger things that the tables need into the count's folder, where `about` would be too small. */
  readonly aside?: (folder: string) => Promise<void>;
  /** Files, patterns and folders; "-" is standard input. */
  readonly inputs: readonly string[];
  /** Only files with this extension, where a folder is given. */
  readonly extension?: string;
  readonly captionOptions: CaptionOptions;
  /** The folder of the tables; partial results lie in `.partial` below it. */
  readonly out: string;
  /** Default: all. */
  readonly shard?: Shard;
  /** Threads; default: as many as there are cores. */
  readonly workers?: number;
  /** Forget what an earlier run of the same name left, instead of going on from it. */
  readonly restart?: boolean;
  /** Bytes of a block of a plain file; for tests. */
  readonly blockBytes?: number;
  readonly signal: AbortSignal;
  readonly progress: Progress;
}

/** A file that was counted, or the reason why not. */
export interface CountedFile {
  /** Relative to the inputs' common folder, with "/". */
  readonly file: string;
  readonly path: string;
  readonly bytes: number;
  /** Modification in milliseconds since 1970; 0 for standard input. */
  readonly modified: number;
  /** SHA-256 of the size and of the first and last 64 KiB. */
  readonly hash: string;
  readonly tally: CaptionTally;
  /** Why the file is left out of the counts. */
  readonly failure?: string;
}

/** The partial result of one unit. */
export interface Partial {
  readonly path: string;
  /** Where the counter's part of it begins, and its length, in bytes. */
  readonly bodyAt: number;
  readonly bodyBytes: number;
  /** The file, by its place in {@link CountOutcome.files}, and the unit's number within it. */
  readonly file: number;
  readonly unit: number;
  readonly tally: CaptionTally;
}

/** What was counted, before tables are made of it. */
export interface CountOutcome {
  readonly command: string;
  readonly name: string;
  readonly captionsName: string;
  readonly digest: string;
  readonly settings: Readonly<Record<string, string>>;
  readonly about: unknown;
  /** Where `aside` wrote, and where the partials are. */
  readonly folder: string;
  readonly files: readonly CountedFile[];
  /** By file and unit; of files that are left out there are none. */
  readonly partials: readonly Partial[];
  /** Over all partials. */
  readonly tally: CaptionTally;
  /** What is missing from the counts, a line each: files with the reason, in a merge also units. */
  readonly leftOut: readonly string[];
  /** Units in all and those that an earlier run had done. */
  readonly units: number;
  readonly resumed: number;
  readonly seconds: number;
  readonly shard: Shard | null;
}
