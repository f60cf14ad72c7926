// `deno task bench`: what engine and loader do per second on this machine, measured in one run and held against the
// targets they were built to; with --peers also beside other JavaScript libraries on the same adapter. A table as it goes,
// or JSON.

import { parseArgs } from "@std/cli";
import { type Gpu, liveBytes, openGpu } from "../../gpu/device/mod.ts";
import { type Figure, heading, isMet, line, type Report } from "./figures.ts";
import { gemmFigures, kernelCases, kernelFigure } from "./kernel_cases.ts";
import { loaderFigures, waitingFigures } from "./loader_cases.ts";
import { peerReport } from "./peer_cases.ts";
import { pairFigure, stepFigures } from "./step_cases.ts";
import { worldFigures } from "./world_cases.ts";

const help =
  `Measures speed: the engine's kernels, the loader, the study's training steps, and other libraries beside them.

Usage: deno task bench [--json] [--peers] [--only NAME,...]

  --peers          also npm @jax-js/jax and @tensorflow/tfjs on the same adapter (fetched when asked for)
  --only NAME,...  only these: NAMES
  --json           one JSON object on standard output instead of the table
  --help           this text

Targets are for software Vulkan on two quiet cores. Exit codes: 0 all was measured (whatever the figures), 1 something
could not be, 2 bad flags.

Example: ./denow task bench --only gemm_512,conv_forward --json`;

interface Machine {
  readonly adapter: string;
  readonly device_class: string;
  readonly deno: string;
  readonly cores: number;
  readonly threads: string;
  /** Load before the run: anything much above 0 disturbs it. */
  readonly load: number;
}

type Case = (machine: Machine) => Promise<Report>;

const onGpu = (body: (gpu: Gpu) => Promise<Figure[]>): Case => async () => {
  const gpu = await openGpu();
  try {
    const figures = await body(gpu);
    if (liveBytes(gpu) > 0) throw new Error(`${liveBytes(gpu)} bytes of device memory were not given back`);
    if (gpu.error() !== null) throw new Error(`The device failed: ${gpu.error()}`);
    return { figures, missing: [] };
  } finally {
    gpu.close();
  }
};

/** All that can be measured, in the order of the table. */
const cases: Readonly<Record<string, Case>> = {
  gemm_512: onGpu((gpu) => gemmFigures(gpu)),
  ...Object.fromEntries(
    Object.keys(kernelCases).map((name) => [name, onGpu(async (gpu) => [await kernelFigure(gpu, name)])]),
  ),
  world: async () => ({ figures: await worldFigures(), missing: [] }),
  loader: async () => ({ figures: await loaderFigures(), missing: [] }),
  waiting: onGpu((gpu) => waitingFigures(gpu)),
  steps: onGpu((gpu) => stepFigures(gpu)),
  pair: async ({ device_class }) => ({
    figures: [await pairFigure(device_class === "software")],
    missing: [],
  }),
  peers: ({ device_class }) => peerReport(device_class === "software"),
};

async function describeMachine(): Promise<Machine> {
  const gpu = await openGpu();
  const { description, deviceClass } = gpu;
  gpu.close();
  return {
    adapter: description.description,
    device_class: deviceClass,
    deno: Deno.version.deno,
    cores: navigator.hardwareConcurrency,
    threads: Deno.env.get("LP_NUM_THREADS") ?? "one per core",
    load: Deno.loadavg()[0],
  };
}

async function main(names: readonly string[], json: boolean): Promise<number> {
  const machine = await describeMachine();
  const print = json ? () => {} : (text: string) => console.log(text);
  print(`${machine.adapter} (${machine.device_class}), Deno ${machine.deno}, ${machine.cores} cores`);
  print(`llvmpipe threads: ${machine.threads}; load before: ${machine.load.toFixed(2)}\n`);
  print(heading());
  const all: Report = { figures: [], missing: [] };
  for (const name of names) {
    if (Deno.stderr.isTerminal()) Deno.stderr.writeSync(new TextEncoder().encode(`\r${name} ...\x1b[K\r`));
    try {
      const { figures, missing } = await cases[name](machine);
      all.figures.push(...figures);
      all.missing.push(...missing);
      for (const figure of figures) print(line(figure));
      for (const { name, reason } of missing) print(`${name} could not be measured: ${reason}`);
    } catch (error) {
      const reason = (error instanceof Error ? error.message : `${error}`).split("\n")[0];
      all.missing.push({ name, reason });
      print(`${name} could not be measured: ${reason}`);
    }
  }
  const judged = all.figures.filter((figure) => isMet(figure) !== null);
  print(`\n${judged.filter(isMet).length} of ${judged.length} targets reached`);
  if (json) {
    const figures = all.figures.map((figure) => ({ ...figure, met: isMet(figure) }));
    console.log(JSON.stringify({ machine, figures, missing: all.missing }, null, 2));
  }
  return all.missing.length === 0 ? 0 : 1;
}

/** The names asked for. Throws RangeError for one that does not exist. */
function namesOf(only: string | undefined, peers: boolean): string[] {
  const known = Object.keys(cases);
  const asked = only?.split(",").map((name) => name.trim()).filter((name) => name !== "") ??
    known.filter((name) => name !== "peers");
  const strange = asked.find((name) => !known.includes(name));
  if (strange !== undefined || asked.length === 0) {
    throw new RangeError(`--only ${strange ?? "nothing"} is none of ${known.join(", ")}`);
  }
  return peers && !asked.includes("peers") ? [...asked, "peers"] : asked;
}

if (import.meta.main) {
  const unknown: string[] = [];
  const flags = parseArgs(Deno.args, {
    string: ["only"],
    boolean: ["json", "peers", "help"],
    unknown: (arg: string) => {
      unknown.push(arg);
      return false;
    },
  });
  try {
    if (unknown.length > 0) throw new RangeError(`Unknown argument ${unknown[0]}; see --help`);
    if (flags.help) console.log(help.replace("NAMES", Object.keys(cases).join(", ")));
    else Deno.exit(await main(namesOf(flags.only, flags.peers), flags.json));
  } catch (error) {
    console.error(error instanceof Error ? error.message : `${error}`);
    Deno.exit(error instanceof RangeError ? 2 : 1);
  }
}
