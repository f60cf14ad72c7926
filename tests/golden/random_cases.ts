// Group f_rng: what Python's `random`, NumPy's RandomState and DataFrame.sample draw. Nothing but the same bits passes.

import { pythonRandom, randomState, sampleRows } from "../../data_utils/random/mod.ts";
import { type Check, exactness } from "./compare.ts";
import type { Fixture } from "./fixture.ts";

/** A list of positions, in full or by its ends and the SHA-256 of its little-endian int32. */
interface LongList {
  n: number;
  sha256_le_i32: string;
  values?: number[];
  first100?: number[];
  last100?: number[];
}

type Listed = LongList | number[] | number;

async function checkList(what: string, got: ArrayLike<number>, want: Listed): Promise<Check[]> {
  if (typeof want === "number") return [exactness(what, got, [want])];
  if (Array.isArray(want)) return [exactness(what, got, want)];
  const list = Int32Array.from(got), hash = await crypto.subtle.digest("SHA-256", list);
  return [
    exactness(`${what} count`, [list.length], [want.n]),
    exactness(`${what} values`, list, want.values ?? list),
    exactness(`${what} first`, list.subarray(0, 100), want.first100 ?? list.subarray(0, 100)),
    exactness(`${what} last`, list.slice(-100), want.last100 ?? list.slice(-100)),
    checkEqual(`${what} sha256`, new Uint8Array(hash).toHex(), want.sha256_le_i32),
  ];
}

function checkEqual(what: string, got: unknown, want: unknown): Check {
  return { what, factor: JSON.stringify(got) === JSON.stringify(want) ? 0 : Infinity };
}

/** Checks every entry of a record with the draw its key asks for. Throws for a key that says nothing known. */
function checkEntries(
  what: string,
  entries: Record<string, Listed>,
  draw: (key: string, want: Listed) => ArrayLike<number>,
): Promise<Check[]> {
  const checks = Object.entries(entries).map(([key, want]) =>
    checkList(`${what} ${key}`, draw(key, want), want)
  );
  return Promise.all(checks).then((lists) => lists.flat());
}

const times = (n: number, draw: () => number) => Array.from({ length: n }, draw);
const positions = (n: number) => Array.from({ length: n }, (_, i) => i);

async function numpyCase({ attrs, sidecar }: Fixture): Promise<Check[]> {
  const fresh = () => randomState(attrs.seed), s = sidecar;
  const choices: Record<string, () => ArrayLike<number>> = {
    "choice(10,20)": () => fresh().choice(10, 20),
    "choice(1000,50,replace=False)": () => fresh().choice(1000, 50, { replace: false }),
    "choice(1000,1000,replace=False)": () => fresh().choice(1000, 1000, { replace: false }),
    "choice(5,30,p)": () => fresh().choice(5, 30, { p: s.choice.p }),
    "choice(5,3,replace=False,p)": () => fresh().choice(5, 3, { replace: false, p: s.choice.p }),
    "choice([7,9,11,13,15],8)": () => fresh().choice(5, 8).map((i) => 7 + 2 * i),
    "scalar choice(10)": () => fresh().choice(10, 1),
  };
  const { p: _, ...chosen } = s.choice;
  const odd = fresh(), chain = fresh(), scalars = fresh();
  const calls: Record<string, () => ArrayLike<number>> = {
    "random_sample(3)": () => chain.randomSample(3),
    "randint(0,10,5)": () => chain.randint(0, 10, 5),
    "permutation(6)": () => chain.permutation(6),
    "choice(20,4,replace=False)": () => chain.choice(20, 4, { replace: false }),
    "random_sample(2)": () => chain.randomSample(2),
  };
  const raw = fresh();
  return [
    exactness("raw_uint32", times(s.raw_uint32.length, raw.next), s.raw_uint32),
    exactness("random_sample", fresh().randomSample(s.random_sample.length), s.random_sample),
    ...await checkEntries("randint", s.randint, (key, want) => {
      const [low, high] = key.split(",").map(Number);
      return fresh().randint(low, high, (want as number[]).length);
    }),
    exactness(
      "randint_scalar_calls",
      times(s.randint_scalar_calls.length, () => scalars.randint(0, 100, 1)[0]),
      s.randint_scalar_calls,
    ),
    ...await checkEntries("permutation", s.permutation, (key) => fresh().permutation(Number(key))),
    exactness("shuffle_list25", fresh().shuffle(positions(25)), s.shuffle_list25),
    exactness("shuffle_array25", fresh().shuffle(Int32Array.from(positions(25))), s.shuffle_array25),
    ...await checkEntries("choice", chosen, (key) => choices[key]()),
    exactness("uniform(-2,3)", fresh().uniform(-2, 3, s.uniform.length), s.uniform),
    exactness("randn", fresh().randn(s.randn.length), s.randn),
    exactness("normal(1.5,0.3)", fresh().normal(1.5, 0.3, s.normal.length), s.normal),
    ...[odd.randn(3), odd.randomSample(2), odd.randn(2)].map((got, i) =>
      exactness(`standard_normal_odd_then_sample[${i}]`, got, s.standard_normal_odd_then_sample[i])
    ),
    ...await checkEntries("chained", s.chained_on_one_state, (key) => calls[key]()),
  ];
}

async function pythonCase({ attrs, sidecar }: Fixture): Promise<Check[]> {
  const fresh = () => pythonRandom(attrs.seed), s = sidecar;
  const repeated = (key: string, draw: (stream: ReturnType<typeof fresh>) => number) => {
    const stream = fresh();
    return exactness(key, times(s[key].length, () => draw(stream)), s[key]);
  };
  const chain = fresh();
  return [
    repeated("random", (stream) => stream.random()),
    repeated("getrandbits32", (stream) => stream.getrandbits(32)),
    ...Object.entries(s.getrandbits).flatMap(([key, want]) => [
      checkEqual(`getrandbits ${key}`, `${fresh().wideBits(Number(key))}`, want),
      ...(Number(key) > 53 ? [] : [
        checkEqual(`getrandbits ${key} as a number`, `${fresh().getrandbits(Number(key))}`, want),
      ]),
    ]),
    ...await checkEntries("shuffle", s.shuffle, (key) => fresh().shuffle(positions(Number(key)))),
    repeated("choice10", (stream) => stream.choice(positions(10))),
    ...await checkEntries("sample", s.sample, (key) => {
      const [n, k] = key.split(" of ").map(Number);
      return fresh().sample(positions(n), k);
    }),
    repeated("randint", (stream) => stream.randint(1, 1000)),
    repeated("randrange7", (stream) => stream.randrange(7)),
    repeated("uniform", (stream) => stream.uniform(-1, 2)),
    repeated("gauss", (stream) => stream.gauss()),
    exactness(
      "choices_weighted",
      fresh().choices(positions(5), { weights: [1, 2, 3, 4, 5], k: s.choices_weighted.length }),
      s.choices_weighted,
    ),
    checkEqual("chained", [
      chain.random(),
      chain.randint(1, 6),
      chain.choice("abcdef"),
      chain.sample(positions(30), 4),
      chain.random(),
    ], s.chained.results),
  ];
}

async function pandasCase({ sidecar }: Fixture): Promise<Check[]> {
  type Drawn = { rows: number; random_state: number; index: LongList } & Record<string, never>;
  const lists = await Promise.all(
    sidecar.cases.map(({ rows, random_state, index, ...how }: Drawn) =>
      checkList(
        `${JSON.stringify({ rows, ...how })}`,
        sampleRows(rows, { ...how, randomState: random_state }),
        index,
      )
    ),
  );
  return lists.flat();
}

/** Checks by the sidecar's `op`. */
export const randomCases: Readonly<Record<string, (fixture: Fixture) => Promise<Check[]>>> = {
  numpy_random_state: numpyCase,
  python_random: pythonCase,
  pandas_sample: pandasCase,
};
