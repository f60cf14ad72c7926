/**
 * The folder of a training run, and the only place that knows its layout: config.json (what was asked for),
 * metrics.jsonl (one record per logged step), evaluations.jsonl (one per evaluation), classes.tsv, and whatever else a
 * program stores beside them.
 * A folder belongs to one configuration: opened again with the same one a run goes on, with another it is refused.
 */
import { writeJsonAtomically } from "./atomic.ts";
import { filterJsonl, type JsonlLog, type JsonRecord, openJsonl, readJsonl } from "./jsonl.ts";

/** Names of the files every run has. */
export const RUN_FILES = {
  config: "config.json",
  metrics: "metrics.jsonl",
  evaluations: "evaluations.jsonl",
  classes: "classes.tsv",
  confusion: "confusion.tsv",
  skipped: "skipped.tsv",
} as const;

/** The layout's version, stored in config.json. */
export const RUN_FORMAT = "beyond-tail-run/1";

/** What was asked for: anything JSON can hold. */
export type RunConfig = Readonly<Record<string, unknown>>;

/** A record of metrics.jsonl. */
export interface MetricsRecord extends JsonRecord {
  step: number;
}

/** An open run folder. */
export interface Run extends AsyncDisposable {
  dir: string;
  config: RunConfig;
  /** Whether the folder already held this run. */
  resumed: boolean;
  /** Path of a file in the folder. Throws RangeError for a name that leads out of it. */
  path(name: string): string;
  /** Appends a record to metrics.jsonl. */
  log(record: MetricsRecord): void;
  /** Appends a record to evaluations.jsonl. */
  logEvaluation(record: MetricsRecord): void;
  /** The records logged so far. */
  metrics(): AsyncGenerator<MetricsRecord>;
  /**
   * Drops records after a step, to go on from the checkpoint made there; of the evaluations those after `evaluated`
   * (default: the same step).
   */
  truncateAfter(step: number, evaluated?: number): Promise<void>;
  close(): Promise<void>;
}

/** First places where two JSON values differ, as `key.key: there -> here`. */
export function configDifferences(there: unknown, here: unknown, at = ""): string[] {
  const isObject = (v: unknown): v is Record<string, unknown> => typeof v === "object" && v !== null;
  if (isObject(there) && isObject(here) && Array.isArray(there) === Array.isArray(here)) {
    const keys = new Set([...Object.keys(there), ...Object.keys(here)]);
    return [...keys].flatMap((key) =>
      configDifferences(there[key], here[key], at === "" ? key : `${at}.${key}`)
    );
  }
  const show = (v: unknown) => v === undefined ? "absent" : JSON.stringify(v);
  return there === here ? [] : [`${at || "the value"} is ${show(there)} there and ${show(here)} here`];
}

/**
 * Reads a run's configuration. Throws Deno.errors.NotFound when the folder has none, SyntaxError when it is not JSON,
 * and RangeError when another version of the program wrote it.
 */
export async function readRunConfig(dir: string): Promise<RunConfig> {
  const path = `${dir}/${RUN_FILES.config}`;
  const text = await Deno.readTextFile(path);
  let stored: { format?: unknown; config?: unknown };
  try {
    stored = JSON.parse(text) ?? {};
  } catch {
    throw new SyntaxError(`${path} is not JSON: remove the folder or choose another`);
  }
  if (stored.format !== RUN_FORMAT || typeof stored.config !== "object" || stored.config === null) {
    throw new RangeError(
      `${path} has format ${JSON.stringify(stored.format)}, this version writes "${RUN_FORMAT}": ` +
        `use the version that made the run, or choose another folder`,
    );
  }
  return stored.config as RunConfig;
}

/**
 * Whether `dir` holds the run of this configuration; false where there is none. Nothing is written. Throws RangeError
 * naming what differs for a run with another configuration or version, SyntaxError for a damaged config.json.
 */
export async function holdsRun(dir: string, config: RunConfig): Promise<boolean> {
  try {
    const differences = configDifferences(await readRunConfig(dir), stored(config));
    if (differences.length === 0) return true;
    const more = differences.length > 3 ? ` and ${differences.length - 3} more` : "";
    throw new RangeError(
      `${dir} holds a run with another configuration (${differences.slice(0, 3).join("; ")}${more}): ` +
        `choose another folder or remove it`,
    );
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** A configuration as it will be read back. */
const stored = (config: RunConfig): RunConfig => JSON.parse(JSON.stringify(config));

/**
 * Opens the run folder `dir`, making it when missing. `config` is stored on the first call and compared on later ones.
 * Throws RangeError naming what differs when the folder holds a run with another configuration or version, SyntaxError
 * when its config.json is damaged, and Deno.errors.Busy while another process has the run open.
 */
export async function openRun(options: { dir: string; config: RunConfig }): Promise<Run> {
  const { dir } = options;
  const config = stored(options.config);
  await Deno.mkdir(dir, { recursive: true });
  const metricsPath = `${dir}/${RUN_FILES.metrics}`, evaluationsPath = `${dir}/${RUN_FILES.evaluations}`;
  const folder = await Deno.open(dir);
  let resumed: boolean, log: JsonlLog, evaluations: JsonlLog;
  try {
    if (!await folder.tryLock(true)) {
      throw new Deno.errors.Busy(`${dir} is in use by another process: wait for it or choose another folder`);
    }
    resumed = await holdsRun(dir, config);
    if (!resumed) await writeJsonAtomically(`${dir}/${RUN_FILES.config}`, { format: RUN_FORMAT, config });
    log = await openJsonl(metricsPath);
    evaluations = await openJsonl(evaluationsPath);
  } catch (error) {
    folder.close();
    throw error;
  }

  const close = () => {
    try {
      for (const each of [log, evaluations]) each.flush();
    } finally {
      for (const each of [log, evaluations, folder]) each.close(); // the folder's releases the lock
    }
    return Promise.resolve();
  };
  return {
    dir,
    config,
    resumed,
    path(name) {
      if (name.startsWith("/") || name.split(/[/\\]/).includes("..")) {
        throw new RangeError(`"${name}" is not a file of a run folder`);
      }
      return `${dir}/${name}`;
    },
    log: (record) => log.append(record),
    logEvaluation: (record) => evaluations.append(record),
    metrics: () => readJsonl(metricsPath) as AsyncGenerator<MetricsRecord>,
    async truncateAfter(step, evaluated = step) {
      const upTo = (last: number) => (record: JsonRecord) => (record as MetricsRecord).step <= last;
      log.close();
      await filterJsonl(metricsPath, upTo(step));
      log = await openJsonl(metricsPath);
      evaluations.close();
      await filterJsonl(evaluationsPath, upTo(evaluated));
      evaluations = await openJsonl(evaluationsPath);
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}
