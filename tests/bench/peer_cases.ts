// The engine beside other JavaScript libraries on the same adapter: figures from the contest, one process after another.

import { type ContestResult, holdContest, type Job, JOBS, lossDifference } from "./contest.ts";
import type { Figure, Report } from "./figures.ts";
import { median } from "./timing.ts";
import { startWorker } from "./workers.ts";

/** Worker parts and what they are called. */
const peers = { jax: "@jax-js/jax", tfjs: "@tensorflow/tfjs" } as const;

type Peer = keyof typeof peers;

/** Seconds that the whole contest may take. */
const LIMIT = 400;

/** How many times as fast the engine is to be, on software Vulkan. */
const targets = { product: { jax: 7, tfjs: 17 }, chain: { jax: 12, tfjs: 30 }, step: 5 } as const;

const titles = {
  product: "matmul 512, read back",
  chain: "20 dependent matmuls, read back",
  step: "small CNN step, batch 64",
} as const satisfies Record<Job, string>;

/**
 * Times the engine and every peer that can be loaded; figures have targets where `software` Vulkan runs.
 * Throws Error when the engine itself fails.
 */
export async function peerReport(software: boolean): Promise<Report> {
  const workers = new Map([
    ["own" as const, startWorker("own", { seconds: LIMIT })],
    ...(Object.keys(peers) as Peer[]).map((peer) =>
      [peer, startWorker(peer, { seconds: LIMIT, lock: false })] as const
    ),
  ]);
  try {
    const { results, failures } = await holdContest(workers);
    const own = results.get("own");
    if (own === undefined) throw new Error(failures.get("own"));
    const found = new Map((Object.keys(peers) as Peer[]).flatMap((peer) => {
      const result = results.get(peer);
      return result === undefined ? [] : [[peer, result] as const];
    }));
    const missing = [...failures].map(([name, reason]) => ({
      name: name === "own" ? name : peers[name],
      reason,
    }));
    return { figures: JOBS.flatMap((job) => jobFigures(job, own, found, software)), missing };
  } finally {
    for (const worker of workers.values()) await worker.stop();
  }
}

/** Milliseconds of everyone at one job, and how many times as long the peers take. */
export function jobFigures(
  job: Job,
  own: ContestResult,
  found: ReadonlyMap<Peer, ContestResult>,
  software: boolean,
): Figure[] {
  const times: [string, string, ContestResult][] = [["own", "ours", own]];
  for (const [peer, result] of found) times.push([peer, `${peers[peer]} ${result.version}`, result]);
  const figures: Figure[] = times.map(([key, label, result], i) => ({
    name: `${job}_${key}`,
    title: i === 0 ? titles[job] : `  ${label}`,
    value: result.times[job].median,
    best: result.times[job].best,
    unit: "ms",
    ...(i === 0 ? {} : noteOn(job, own, result)),
  }));
  // Round by round: the contenders took turns.
  const ratio = (peer: Peer) =>
    median(found.get(peer)!.times[job].rounds.map((took, round) => took / own.times[job].rounds[round]));
  const ratioFigure = (name: string, title: string, peer: Peer, atLeast: number): Figure => ({
    name,
    title,
    value: ratio(peer),
    unit: "times",
    ...(software ? { target: { atLeast } } : {}),
  });
  const met = [...found.keys()];
  if (job !== "step") {
    const ratios = met.map((peer) =>
      ratioFigure(`${job}_ratio_${peer}`, `  ${peer} over ours`, peer, targets[job][peer])
    );
    return [...figures, ...ratios];
  }
  if (met.length === 0) return figures;
  const best = met.reduce((a, b) => ratio(a) <= ratio(b) ? a : b);
  return [
    ...figures,
    ratioFigure("step_ratio", `  the better of them (${best}) over ours`, best, targets.step),
  ];
}

/** How well a peer's losses agree with ours, and whether it ran elsewhere. */
function noteOn(job: Job, own: ContestResult, peer: ContestResult): { note?: string } {
  if (peer.adapter !== own.adapter) return { note: `on another adapter: ${peer.adapter}` };
  if (job !== "step") return {};
  return { note: `largest difference of the losses: ${lossDifference(own, peer).toExponential(1)}` };
}
