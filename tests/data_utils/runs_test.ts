// What runs leave on disk: tensors, logs cut off in mid-line, folders opened again, damaged files.
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  openJsonl,
  openRun,
  openSafetensors,
  parseSafetensors,
  readClassTable,
  readJsonl,
  readLastJsonl,
  readRunConfig,
  readSafetensors,
  type TensorToWrite,
  writeAtomically,
  writeClassTable,
  writeSafetensors,
  writeTextAtomically,
} from "../../data_utils/runs/mod.ts";

/** A test in an empty folder that is removed afterwards. */
function folderTest(name: string, body: (dir: string) => Promise<void>) {
  Deno.test(name, async () => {
    const dir = await Deno.makeTempDir({ prefix: "beyond tail " });
    try {
      await body(dir);
    } finally {
      await Deno.remove(dir, { recursive: true });
    }
  });
}

const namesIn = (dir: string) => Array.from(Deno.readDirSync(dir), (entry) => entry.name).sort();

const TENSORS: TensorToWrite[] = [
  { name: "bytes", dtype: "u8", shape: [3], data: new Uint8Array([1, 2, 255]) },
  { name: "layer.weight", dtype: "f32", shape: [2, 2], data: new Float32Array([1, -2.5, Infinity, 0]) },
  { name: "half", dtype: "f16", shape: [2], data: new Float16Array([0.5, -65504]) },
  { name: "num_batches_tracked", dtype: "i64", shape: [], data: new BigInt64Array([-(2n ** 40n)]) },
  { name: "ids", dtype: "i32", shape: [1, 2], data: () => Promise.resolve(new Int32Array([-7, 49407])) },
  { name: "seeds", dtype: "u32", shape: [1], data: () => new Uint32Array([4294967295]) },
  { name: "constructor", dtype: "f32", shape: [0, 4], data: new Float32Array(0) },
];

folderTest("safetensors: every element type comes back as written", async (dir) => {
  const path = `${dir}/a.safetensors`;
  await writeSafetensors(path, TENSORS, { epoch: "3" });
  assertEquals(namesIn(dir), ["a.safetensors"]);
  const read = await readSafetensors(path);
  assertEquals(Object.keys(read), TENSORS.map((t) => t.name));
  for (const { name, dtype, shape, data } of TENSORS) {
    const values = typeof data === "function" ? await data() : data;
    assertEquals(read[name], { dtype, shape: [...shape], data: values } as typeof read[string], name);
  }
  assertEquals(parseSafetensors(await Deno.readFile(path), path), read);

  using file = await openSafetensors(path);
  assertEquals(file.header.metadata, { epoch: "3" });
  assertEquals(file.header.dataStart % 8, 0);
  assertEquals((await file.read("ids")).data, new Int32Array([-7, 49407]));
  await assertRejects(() => file.read("nothing"), RangeError, 'no tensor "nothing"');
});

folderTest("safetensors: bytes are those of the format", async (dir) => {
  await writeSafetensors(`${dir}/b`, [{ name: "x", dtype: "f32", shape: [1], data: new Float32Array([1]) }]);
  const header = '{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}  ';
  assertEquals(header.length % 8, 0);
  const bytes = [header.length, 0, 0, 0, 0, 0, 0, 0, ...new TextEncoder().encode(header), 0, 0, 0x80, 0x3f];
  assertEquals([...await Deno.readFile(`${dir}/b`)], bytes);
});

folderTest("safetensors: a failed write leaves the old file and nothing else", async (dir) => {
  const path = `${dir}/c`;
  await writeSafetensors(path, TENSORS);
  const before = await Deno.readFile(path);
  const wrong: TensorToWrite = { name: "x", dtype: "f32", shape: [3], data: new Float32Array(2) };
  await assertRejects(() => writeSafetensors(path, [wrong]), TypeError, '"x" has 8 bytes');
  await assertRejects(() => writeSafetensors(path, [TENSORS[0], TENSORS[0]]), TypeError, 'named "bytes"');
  assertEquals(await Deno.readFile(path), before);
  assertEquals(namesIn(dir), ["c"]);
});

folderTest("safetensors: damaged files are named with what is wrong", async (dir) => {
  const path = `${dir}/d`;
  const file = (header: string, data = 4) => {
    const text = new TextEncoder().encode(header);
    const bytes = new Uint8Array(8 + text.length + data);
    bytes[0] = text.length;
    bytes.set(text, 8);
    return bytes;
  };
  const tensor = (fields: string) => `{"x":{${fields}}}`;
  const cases: [Uint8Array, string][] = [
    [new Uint8Array(5), "shorter than 8 bytes"],
    [new Uint8Array(8).fill(255), "header should have"],
    [file("{}", 0).slice(0, 9), "header should have 2 bytes"],
    [file("[1]", 0), "no object"],
    [file('{"x":', 0), "not JSON"],
    [file("{}"), "end at byte 10 but the file has 14"],
    [file(tensor('"dtype":"F99","shape":[1],"data_offsets":[0,4]')), "unknown element type F99"],
    [file(tensor('"dtype":"F32","shape":[-1],"data_offsets":[0,4]')), "no valid shape"],
    [file(tensor('"dtype":"F32","shape":[1]')), "no valid offsets"],
    [file(tensor('"dtype":"F32","shape":[2],"data_offsets":[0,4]')), "does not fill"],
    [file(tensor('"dtype":"F32","shape":[1],"data_offsets":[4,8]'), 8), "begins at byte 4"],
    [file(tensor('"dtype":"F32","shape":[1],"data_offsets":[0,4]'), 3), "the file has"],
    [file('{"x":null}'), "unknown element type"],
  ];
  for (const [bytes, message] of cases) {
    await Deno.writeFile(path, bytes);
    const error = await assertRejects(() => readSafetensors(path), SyntaxError, message);
    assert(error.message.startsWith(path));
    assertThrows(() => parseSafetensors(bytes.slice(), "memory"), SyntaxError, message);
  }
  await assertRejects(() => readSafetensors(`${dir}/missing`), Deno.errors.NotFound);
});

folderTest("atomic files: an error while writing keeps the old one", async (dir) => {
  const path = `${dir}/file`;
  await writeTextAtomically(path, "old");
  const interrupted = writeAtomically(path, () => Promise.reject(new Error("disk full")));
  await assertRejects(() => interrupted, Error, "disk full");
  assertEquals(await Deno.readTextFile(path), "old");
  assertEquals(namesIn(dir), ["file"]);
  await Deno.writeTextFile(`${path}.tmp`, "left by a crash, longer than what follows");
  await writeTextAtomically(path, "new");
  assertEquals(await Deno.readTextFile(path), "new");
});

folderTest("jsonl: an unfinished last line is not read and is cut off", async (dir) => {
  const path = `${dir}/log`;
  await Deno.writeTextFile(path, '{"step":1}\n\n{"step":2,"name":"é"}\n{"step":3');
  assertEquals(await Array.fromAsync(readJsonl(path)), [{ step: 1 }, { step: 2, name: "é" }]);
  assertEquals(await readLastJsonl(path), { step: 2, name: "é" });
  {
    using log = await openJsonl(path);
    log.append({ step: 3, loss: 0.5 });
    log.flush();
    log.append({ step: 4, note: "x".repeat(10_000) });
  }
  assertEquals((await Array.fromAsync(readJsonl(path))).map((r) => r.step), [1, 2, 3, 4]);
  assertEquals((await readLastJsonl(path))?.step, 4);
  assertEquals(await Array.fromAsync(readJsonl(`${dir}/none`)), []);

  await Deno.writeTextFile(path, "x".repeat(9000)); // nothing but an unfinished line
  (await openJsonl(path)).close();
  assertEquals(await Deno.readTextFile(path), "");
  assertEquals(await readLastJsonl(path), null);
  await Deno.writeTextFile(path, '{"a":1}\nnot json\n');
  await assertRejects(() => Array.fromAsync(readJsonl(path)), SyntaxError, `${path}:2`);
  await assertRejects(() => readLastJsonl(path), SyntaxError, "The last line of");
});

folderTest("run: made once, opened again with the same configuration, refused with another", async (dir) => {
  const at = `${dir}/some/run`;
  const config = { arm: "sl", model: { width: 8, layers: [1, 1] }, seed: 0, unset: undefined };
  {
    await using run = await openRun({ dir: at, config });
    assertEquals(run.resumed, false);
    for (const step of [10, 20, 30]) run.log({ step, loss: 1 / step });
    await assertRejects(() => openRun({ dir: at, config }), Deno.errors.Busy, "in use");
  }
  await Deno.writeTextFile(`${at}/metrics.jsonl`, '{"step":40,"lo', { append: true });
  {
    await using run = await openRun({ dir: at, config });
    assertEquals(run.resumed, true);
    assertEquals((await Array.fromAsync(run.metrics())).map((r) => r.step), [10, 20, 30]);
    await run.truncateAfter(20);
    run.log({ step: 21 });
    assertEquals((await Array.fromAsync(run.metrics())).map((r) => r.step), [10, 20, 21]);
    assertEquals(run.path("checkpoint/last.safetensors"), `${at}/checkpoint/last.safetensors`);
    assertThrows(() => run.path("../other"), RangeError, "../other");
  }
  const other = { ...config, model: { width: 12, layers: [1, 1] }, extra: true };
  const error = await assertRejects(() => openRun({ dir: at, config: other }), RangeError, "another config");
  assert(error.message.includes("model.width is 8 there and 12 here"), error.message);
  assert(error.message.includes("extra is absent there and true here"), error.message);
  assertEquals(await readRunConfig(at), { arm: "sl", model: { width: 8, layers: [1, 1] }, seed: 0 });
});

folderTest("run: a folder of another version or with a damaged configuration is refused", async (dir) => {
  await Deno.writeTextFile(`${dir}/config.json`, '{"format":"beyond-tail-run/0","config":{}}');
  await assertRejects(() => openRun({ dir, config: {} }), RangeError, '"beyond-tail-run/0"');
  await Deno.writeTextFile(`${dir}/config.json`, "{");
  await assertRejects(() => openRun({ dir, config: {} }), SyntaxError, "config.json");
  assertEquals(namesIn(dir), ["config.json"]);
});

folderTest("class table: read back as written, bad rows named", async (dir) => {
  const path = `${dir}/classes.tsv`;
  const rows = [
    { class: "cyan banded disc", freq: 3774, acc: 0.925, pred: 61 },
    { class: "Zürich", freq: 0, acc: null, pred: 0 },
  ];
  await writeClassTable(path, [rows[0], { ...rows[1], acc: NaN }]);
  assertEquals(
    await Deno.readTextFile(path),
    "class\tfreq\tacc\tpred\ncyan banded disc\t3774\t0.925\t61\nZürich\t0\t\t0\n",
  );
  assertEquals(await readClassTable(path), rows);
  await assertRejects(() => writeClassTable(path, [{ ...rows[0], class: "a\tb" }]), RangeError, "Class 0");
  await Deno.writeTextFile(path, "class\tfreq\tacc\tpred\na\t1\t0.5\t2\nb\tmany\t0.5\t2\n");
  await assertRejects(() => readClassTable(path), SyntaxError, `${path}:3`);
  await Deno.writeTextFile(path, "name\tcount\n");
  await assertRejects(() => readClassTable(path), SyntaxError, `${path}:1`);
});
