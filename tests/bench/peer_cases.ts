// The engine beside other JavaScript libraries on the same adapter: figures from the contest, one process after another.

import type { ContestResult } from "./contest.ts";
import { lossDifference } from "./contest.ts";
import type { Figure, Report } from "./figures.ts";
import { resultOf } from "./workers.ts";

/** Worker parts and what they are called. */
const peers = { jax: "@jax-js/jax", tfjs: "@tensorflow/tfjs" } as const;

type Peer = keyof typeof peers;

/** How many times as fast the engine is to be, on software Vulkan. */
const targets = { product: { jax: 7, tfjs: 17 }, chain: { jax: 12, tfjs: 30 }, step: 5 } as const;

const jobs = {
  product: "matmul 512, read back",
  chain: "20 dependent matmuls, read back",
  step: "small CNN step, batch 64",
} as const;

type Job = keyof typeof jobs;

/**
 * Times the engine and every peer that can be loaded; figures have targets where `software` Vulkan runs.
 * Throws Error when the engine itself fails.
 */
export async function peerReport(software: boolean): Promise<Report> {
  const own = await resultOf<ContestResult>("own");
  const found = new Map<Peer, ContestResult>();
  const missing: Report["missing"] = [];
  for (const peer of Object.keys(peers) as Peer[]) {
    try {
      found.set(peer, await resultOf<ContestResult>(peer, { lock: false }));
    } catch (error) {
      missing.push({ name: peers[peer], reason: (error as Error).message });
    }
  }
  return {
    figures: (Object.keys(jobs) as Job[]).flatMap((job) => jobFigures(job, own, found, software)),
    missing,
  };
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
    title: i === 0 ? jobs[job] : `  ${label}`,
    value: result[job].median,
    best: result[job].best,
    unit: "ms",
    ...(job === "step" && i > 0
      ? { note: `largest difference of the losses: ${lossDifference(own, result).toExponential(1)}` }
      : {}),
  }));
  const ratioFigure = (name: string, title: string, peer: Peer, atLeast: number): Figure => ({
    name,
    title,
    value: found.get(peer)![job].median / own[job].median,
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
  const best = met.reduce((a, b) => found.get(a)!.step.median <= found.get(b)!.step.median ? a : b);
  return [
    ...figures,
    ratioFigure("step_ratio", `  the better of them (${best}) over ours`, best, targets.step),
  ];
}
