// The bench as a program, and the parts that could quietly measure the wrong thing: the reference kernel against float64,
// medians, targets, the table's width.

import { assert, assertAlmostEquals, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { openGpu } from "../../gpu/device/mod.ts";
import { input } from "../../gpu/graph/mod.ts";
import * as ops from "../../gpu/ops/mod.ts";
import { compete, type ContestResult, holdContest, lossDifference } from "./contest.ts";
import { prepareExample } from "./example_gemm.ts";
import { type Figure, heading, isMet, line } from "./figures.ts";
import { jobFigures } from "./peer_cases.ts";
import { loaderFigures } from "./loader_cases.ts";
import { drawn, prepare } from "./replay.ts";
import { median, timeInTurns } from "./timing.ts";
import type { Worker } from "./workers.ts";
import { worldFigures } from "./world_cases.ts";

const decoder = new TextDecoder();

async function bench(...args: string[]) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-A",
      "--no-check",
      decodeURIComponent(new URL("bench_cli.ts", import.meta.url).pathname),
      ...args,
    ],
    env: { NO_COLOR: "1" },
  }).output();
  return { code, out: decoder.decode(stdout), err: decoder.decode(stderr) };
}

Deno.test("bench: one case as JSON, with the machine", async () => {
  const { code, out } = await bench("--json", "--only", "softmax");
  const { machine, figures, missing } = JSON.parse(out);
  assertEquals(code, 0);
  assertEquals(missing, []);
  assertEquals(machine.deno, Deno.version.deno);
  assertEquals(figures.map((figure: Figure) => [figure.name, figure.unit]), [["softmax", "ms"]]);
  assert(figures[0].best > 0 && figures[0].best <= figures[0].value);
});

Deno.test("bench: the world's pictures need no device", async () => {
  const figures = await worldFigures();
  assertEquals(figures.map(({ name }) => name), [
    "world_render",
    "world_caption",
    "world_png",
    "world_sheet",
  ]);
  for (const { value, best, unit } of figures) {
    assert(value > 0 && (unit === "ms" ? best! <= value : best! >= value));
  }
});

Deno.test("bench: the loader is held against sharp alone, without a device", async () => {
  const figures = await loaderFigures(), byName = new Map(figures.map((figure) => [figure.name, figure]));
  assertEquals([...byName.keys()], [
    ...["loader_core", "loader_decode_core", "loader_sharp_core", "loader_to_sharp", "loader_shards"],
  ]);
  for (const { value, best = value } of figures) assert(value > 0 && best >= value);
  const value = (name: string) => byName.get(name)!.value;
  assertAlmostEquals(value("loader_to_sharp"), value("loader_core") / value("loader_sharp_core"), 1e-9);
});

Deno.test("bench: bad flags are told apart from failures", async () => {
  const [name, flag] = await Promise.all([bench("--only", "gemm_513"), bench("--fast")]);
  assertEquals([name.code, flag.code], [2, 2]);
  assert(name.err.includes("gemm_513 is none of gemm_512, "), name.err);
  assert(flag.err.includes("Unknown argument --fast"), flag.err);
});

Deno.test("bench: the reference kernel and the engine multiply the same matrices", async () => {
  const gpu = await openGpu();
  const [m, n, k] = [24, 40, 16], a = drawn("a", m * k), b = drawn("b", k * n);
  const own = await prepare(gpu, (g) => ops.matmul(input(g, "a", [m, k]), input(g, "b", [k, n])), { a, b });
  own.enqueue(2);
  const results = [(await own.values()).data as ArrayLike<number>];
  own.close();
  if (gpu.memory === "texture") {
    const example = await prepareExample(gpu, [m, n, k], a, b);
    await example.work(2);
    results.push(await example.values());
    example.close();
  }
  gpu.close();
  for (const result of results) {
    for (let row = 0; row < m; row++) {
      for (let column = 0; column < n; column++) {
        let wanted = 0;
        for (let i = 0; i < k; i++) wanted += a[row * k + i] * b[i * n + column];
        assertAlmostEquals(result[row * n + column], wanted, 1e-5);
      }
    }
  }
});

Deno.test("bench: works are timed in turns and by the median", async () => {
  const order: string[] = [];
  const work = (name: string) => async (times: number) => {
    order.push(name);
    await new Promise((done) => setTimeout(done, 2 * times));
  };
  const found = await timeInTurns({ a: work("a"), b: work("b") }, { rounds: 3, length: 8 });
  assertEquals(order.slice(-6), ["a", "b", "a", "b", "a", "b"]);
  for (const { median, best, rounds } of [found.a, found.b]) {
    assertEquals(rounds.length, 3);
    assert(best >= 1.5 && best <= median);
  }
  assertEquals([median([3, 1, 2]), median([4, 1, 3, 2])], [2, 2.5]);
  assertThrows(() => median([]), RangeError);
});

Deno.test("bench: figures are held against their targets in 80 columns", () => {
  const figure: Figure = { name: "x", title: "a".repeat(60), value: 23.96, best: 123456, unit: "GFLOP/s" };
  const judged = [{ atLeast: 24 }, { atLeast: 23.9 }, { atMost: 23.9 }, { atMost: 24 }]
    .map((target) => ({ ...figure, target }));
  assertEquals(judged.map(isMet), [false, true, false, true]);
  assertEquals(isMet(figure), null);
  for (const text of [heading(), ...judged.map(line)]) {
    for (const part of text.split("\n")) assert(part.length <= 80, part);
  }
  assert(line({ ...judged[0], title: "GEMM" }).endsWith("NO"));
});

Deno.test("bench: ratios are the peers' times over ours, the step's that of the better peer", () => {
  const took = (value: number) => ({ median: value, best: value, rounds: [value] });
  const result = (product: number, step: number, losses: number[]): ContestResult => ({
    version: "1",
    adapter: "",
    losses,
    times: { product: took(product), chain: took(product), step: took(step) },
  });
  const own = result(10, 20, [4, 2, 1, 0.5]);
  const peers = new Map(
    [["jax", result(80, 90, [4, 2, 1.1, 0.4])], ["tfjs", result(160, 200, [4, 2, 1, 0.5])]] as const,
  );
  const ratios = (job: "product" | "step") =>
    jobFigures(job, own, peers, true).filter(({ unit }) => unit === "times").map((
      f,
    ) => [f.name, f.value, isMet(f)]);
  assertEquals(ratios("product"), [["product_ratio_jax", 8, true], ["product_ratio_tfjs", 16, false]]);
  assertEquals(ratios("step"), [["step_ratio", 4.5, false]]);
  assertAlmostEquals(lossDifference(own, peers.get("jax")!), 0.1, 1e-12);
  assertEquals(jobFigures("step", own, new Map(), true).length, 1);
});

/** A contender's process that answers with the given lines, then ends with the given complaint. */
function playedWorker(
  lines: readonly string[],
  complaint: string | null = null,
): { worker: Worker; orders: string[] } {
  const left = [...lines], orders: string[] = [];
  const worker: Worker = {
    line: () =>
      left.length > 0 ? Promise.resolve(left.shift()!) : Promise.reject(new Error(complaint ?? "ended")),
    say: (order) => Promise.resolve(void orders.push(order)),
    finish: () => Promise.resolve(complaint),
    stop: () => Promise.resolve(),
  };
  return { worker, orders };
}

Deno.test("bench: contenders take turns, and those that fail are named with the reason", async () => {
  const told = JSON.stringify({ version: "1", adapter: "llvmpipe", losses: [3, 2, 1] });
  const rounds = [9, 7, 8, 30, 20, 25, 5, 6, 4].map((milliseconds) => JSON.stringify({ milliseconds }));
  const own = playedWorker([told, ...rounds]);
  const players = {
    own: own.worker,
    absent: playedWorker([], "no such package").worker,
    leaving: playedWorker([told, rounds[0]], "the device was lost").worker,
    wrong: playedWorker([told, ...rounds], "The loss does not fall").worker,
  };
  const { results, failures } = await holdContest(new Map(Object.entries(players)), 3);
  assertEquals([...failures].sort(), [
    ["absent", "no such package"],
    ["leaving", "the device was lost"],
    ["wrong", "The loss does not fall"],
  ]);
  assertEquals([...results.keys()], ["own"]);
  const { times, losses } = results.get("own")!;
  assertEquals([times.product.median, times.product.best, times.chain.median, times.step.best], [
    8,
    7,
    25,
    4,
  ]);
  assertEquals(losses, [3, 2, 1]);
  assertEquals(own.orders, ["product", "chain", "step"].flatMap((job) => [job, job, job]));
});

Deno.test("bench: a contender with wrong results is not timed", async () => {
  const contender = {
    version: "1",
    adapter: "",
    product: () => Promise.resolve(new Float32Array(512 * 512)),
    chain: () => Promise.resolve(new Float32Array(512 * 512)),
    train: () => Promise.resolve(1),
    close: () => {},
  };
  const orders = (async function* () {})();
  await assertRejects(() => compete(contender, orders, () => {}), Error, "The product is off");
});
