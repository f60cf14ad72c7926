// How often the study's intervals hold the truth, measured on made studies. The test asks for few of them; run as a
// program (deno run tests/exps/interval_coverage.ts) it prints the table of exps_clip/study/README.md in some minutes.

import { ClassBootstrap, resampledSpearman } from "../../exps_clip/study/bootstrap.ts";
import { madePairs, type Noise, someNoise } from "./made_studies.ts";

export interface Kind {
  readonly title: string;
  readonly arms: Readonly<Record<string, number>>;
  readonly noise: Noise;
}

const effect = { sl: 1, clip: 0.15 };

export const kinds: readonly Kind[] = [
  {
    title: "frequency plays no role",
    arms: { sl: 0, clip: 0 },
    noise: { ofClass: 0, ofImages: 0, ofModel: 1, ofBias: 0 },
  },
  { title: "an effect", arms: effect, noise: someNoise },
  { title: "an effect, bias varies over seeds", arms: effect, noise: { ...someNoise, ofBias: 0.1 } },
  { title: "an effect, bias varies much", arms: effect, noise: { ...someNoise, ofBias: 0.3 } },
];

export interface Coverage {
  /** The mean difference of the two arms' correlations over many studies. */
  readonly truth: number;
  /** Fractions of studies whose interval holds the truth, and whose interval lies above it. */
  readonly holds: number;
  readonly above: number;
  readonly width: number;
}

/** Coverage of the interval of the first arm less the second. */
export function coverage({ arms, noise }: Kind, { classes, seeds, studies, forTruth }: {
  classes: number;
  seeds: number;
  studies: number;
  /** Studies of one seed from which the truth comes. */
  forTruth: number;
}): Coverage {
  const every = new Uint8Array(classes).fill(1), bootstrap = new ClassBootstrap(classes);
  let truth = 0;
  for (let draw = 0; draw < forTruth; draw++) {
    const made = madePairs({ arms, noise, classes, seeds: 1, draw: 1_000_000 + draw });
    const [first, second] = made.map(([run]) => resampledSpearman(run)(every));
    truth += (first - second) / forTruth;
  }
  let holds = 0, above = 0, width = 0;
  for (let draw = 0; draw < studies; draw++) {
    const [first, second] = madePairs({ arms, noise, classes, seeds, draw });
    const { interval } = bootstrap.interval([{ weight: 1, runs: first }, { weight: -1, runs: second }]);
    const [low, high] = interval!;
    holds += Number(low <= truth && truth <= high) / studies;
    above += Number(low > truth) / studies;
    width += (high - low) / studies;
  }
  return { truth, holds, above, width };
}

if (import.meta.main) {
  for (const kind of kinds) {
    for (const seeds of [1, 2, 3, 5]) {
      const found = coverage(kind, { classes: 64, seeds, studies: 500, forTruth: 10_000 });
      const { truth, holds, above, width } = found, percent = (value: number) => (value * 100).toFixed(1);
      console.log(
        `| ${kind.title} | ${truth.toFixed(2)} | ${seeds} | ${percent(holds)} | ${percent(above)} | ` +
          `${width.toFixed(2)} |`,
      );
    }
  }
}
