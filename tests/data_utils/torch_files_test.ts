// Torch's own files: what PyTorch 1.13 wrote is read to the last bit; what could run something, cost more than its size
// or is damaged is refused with a line that says what it is.
import { assert, assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { openTorchFile, openWeights, readTorchFile } from "../../data_utils/pickle/mod.ts";
import { writeSafetensors } from "../../data_utils/runs/mod.ts";
import * as made from "./made_torch.ts";
import * as real from "./real_torch_files.ts";

const { bytes, call, dict, floats, int, list, name, tensor, text, torchZip, tuple, zip } = made;

const folder = await Deno.makeTempDir({ prefix: "torch files " });
Deno.test.afterAll(() => Deno.remove(folder, { recursive: true }));

async function file(content: Uint8Array, called = "file.pt"): Promise<string> {
  await Deno.writeFile(`${folder}/${called}`, content);
  return `${folder}/${called}`;
}

const weight = tensor({ count: 4, shape: [2, 2], stride: [2, 1] });
const four = { "0": floats(1, 2, 3, 4) };

/** What the reader gives each of torch's types as. */
const readAs: Record<string, string> = {
  ...{ float16: "f16", bfloat16: "f32", float32: "f32", float64: "f32", int64: "i64" },
  ...{ uint8: "u8", bool: "u8", int8: "i32", int16: "i32", int32: "i32" },
};

for (const [kind, about] of Object.entries({ dict: real.stateDict, torchscript: real.torchScript })) {
  Deno.test(`torch files: a ${kind} that PyTorch wrote, to the last bit`, async () => {
    const path = await file(await real.bytesOf(about));
    using opened = await openTorchFile(path);
    assertEquals([opened.kind, opened.section, opened.beside], [kind as typeof opened.kind, null, []]);
    assertEquals([...opened.tensors.keys()], Object.keys(about.tensors));
    for (const [key, [dtype, shape, values]] of Object.entries(about.tensors)) {
      const { data, ...found } = opened.read(key);
      assertEquals([found.shape, found.dtype, opened.tensors.get(key)!.dtype], [
        [...shape],
        readAs[dtype],
        dtype,
      ], key);
      const rounded = dtype === "float64" ? values.map(Math.fround) : values;
      assertEquals(Array.from(data as ArrayLike<number>, Number), [...rounded], key);
    }
    assertEquals(opened.tensors.get("weight")?.isParameter ?? true, true);
    assertThrows(() => opened.read("other"), RangeError, `has no tensor "other"`);
  });
}

Deno.test("torch files: of a checkpoint the model is taken, under its own names, or the section asked for", async () => {
  const path = await file(await real.bytesOf(real.checkpoint));
  using opened = await openTorchFile(path);
  assertEquals([opened.section, opened.beside], ["state_dict", ["epoch", "optimizer", "name"]]);
  assertEquals([...opened.tensors.keys()], ["w"]);
  await assertRejects(
    () => openTorchFile(path, { section: "teacher" }),
    RangeError,
    'no section "teacher", but state_dict',
  );
  const dino = await file(
    torchZip(dict(["student", dict(["w", weight])], ["teacher", dict(["v", weight])]), four),
  );
  assertEquals([...(await readTorchFile(dino)).keys()], ["student.w", "teacher.v"]);
  assertEquals([...(await readTorchFile(dino, { section: "teacher" })).keys()], ["v"]);
});

Deno.test("torch files: a module by itself and files before torch 1.6 are refused with what to do", async () => {
  await assertRejects(
    async () => readTorchFile(await file(await real.bytesOf(real.wholeModel))),
    SyntaxError,
    `file.pt: it names "torch.nn.modules.linear.Linear", which is no tensor and is not run: save the model's state_dict()`,
  );
  for (const open of [readTorchFile, openWeights]) {
    await assertRejects(
      async () => void await open(await file(await real.bytesOf(real.bare))),
      SyntaxError,
      "bare pickle, as torch wrote before 1.6",
    );
  }
});

Deno.test("torch files: cut anywhere, a file is refused in one line", async () => {
  const whole = await real.bytesOf(real.stateDict);
  for (let length = 0; length < whole.length; length += 97) {
    const path = await file(whole.slice(0, length));
    const error = await assertRejects(() => readTorchFile(path), SyntaxError);
    assertStringIncludes(error.message, path);
    assert(!error.message.includes("\n"));
  }
});

Deno.test("torch files: every byte of a pickle changed, nothing but a value or a refusal comes of it", async () => {
  const value = dict(["w", weight], ["n", list(int(3), text("x"))]);
  let refused = 0;
  for (let at = 0; at < value.length; at++) {
    for (const other of [0, 0x28, 0x52, 0x62, 0x81, 0xff]) {
      const changed = value.slice();
      changed[at] = other;
      const path = await file(torchZip(changed, four));
      await readTorchFile(path).catch((error) => {
        assert(error instanceof SyntaxError, `${at} ${other}: ${error}`);
        refused++;
      });
    }
  }
  assert(refused > value.length * 3, `${refused} of ${value.length * 6}`);
});

const noCode: [string, Uint8Array, string][] = [
  ["os.system", call(name("os", "system"), text("touch pwned")), `names "os.system"`],
  ["posix.system", call(name("posix", "system"), text("id")), `names "posix.system"`],
  ["builtins.eval", call(name("builtins", "eval"), text("1")), `names "builtins.eval"`],
  ["__builtin__.exec", call(name("__builtin__", "exec"), text("1")), `names "__builtin__.exec"`],
  [
    "a name of a name",
    call(name("builtins", "getattr"), name("os", "x"), text("y")),
    `names "builtins.getattr"`,
  ],
  [
    "subprocess among tensors",
    dict(["w", weight], ["x", call(name("subprocess", "Popen"))]),
    `names "subprocess.Popen"`,
  ],
  ["STACK_GLOBAL", bytes(text("os"), text("system"), 0x93), `names "os.system"`],
  ["a name like a whitelisted one", name("torch", "load"), `names "torch.load"`],
  [
    "a dotted name",
    name("collections", "OrderedDict.__reduce__"),
    `names "collections.OrderedDict.__reduce__"`,
  ],
  ["a name of Object", name("torch", "constructor"), `names "torch.constructor"`],
  [
    "__torch__ called",
    call(name("__torch__.model", "Run"), int(1)),
    "calls __torch__.model.Run, which is no function here",
  ],
  ["__torch__ as prefix only", bytes(name("__torch__x", "Run"), ")", 0x81), `names "__torch__x.Run"`],
  ["an object of a function", bytes(name("collections", "OrderedDict"), ")", 0x81), "is no class here"],
  ["what a call gave is called", call(call(name("collections", "OrderedDict")), int(1)), "it calls a dict"],
  ["nested calls", call(call(call(name("os", "system"), text("id")), int(1)), int(2)), `names "os.system"`],
  ["a dtype called", call(name("torch", "FloatStorage"), int(1)), "calls torch.FloatStorage"],
  ["state of a list", bytes(list(int(1)), dict(["append", int(1)]), "b"), "gives a state to a list"],
  ["INST", bytes("(", "ios\nsystem\n"), "instruction INST is none that torch writes"],
  ["EXT1", bytes(0x82, 1), "instruction EXT1"],
  [
    "a storage of another kind",
    bytes(tuple(text("module"), name("torch", "FloatStorage")), "Q"),
    "a way that torch does not write",
  ],
  ["persistent text id", bytes("Pos.system\n"), "instruction PERSID"],
];

for (const [what, value, message] of noCode) {
  Deno.test(`torch files: nothing is run: ${what}`, async () => {
    await assertRejects(async () => readTorchFile(await file(torchZip(value, four))), SyntaxError, message);
  });
}

const deep = (levels: number) => {
  let value = weight;
  for (let i = 0; i < levels; i++) value = list(value);
  return value;
};

const noCost: [string, Uint8Array, string][] = [
  [
    "a memo recalled that was never kept",
    bytes("j", new Uint8Array([255, 255, 255, 255])),
    "recalls value 4294967295",
  ],
  [
    "a text longer than the file",
    bytes("X", new Uint8Array([255, 255, 255, 255]), "x"),
    "ends in the middle of a value",
  ],
  ["bytes longer than memory", bytes(0x8e, new Uint8Array(8).fill(255)), "ends in the middle of a value"],
  [
    "a number of thousands of bytes",
    bytes(0x8b, new Uint8Array([0, 8, 0, 0]), new Uint8Array(2048)),
    "a whole number has 2048 bytes",
  ],
  ["lists in lists", deep(200), "more than 100 deep"],
  ["a list in itself", bytes("]", "q", 0, "h", 0, "a"), "more than 100 deep"],
  ["a stack that runs dry", bytes("a"), "takes more from the stack"],
  ["a mark that is missing", bytes("t"), "takes more from the stack"],
  ["a mark taken for a value", bytes("(", 0x85), "takes more from the stack"],
  ["values left over", bytes(int(1), weight), "leaves values on the stack"],
  ["a list as a key", bytes("}", "]", int(1), "s"), "a list is the key of a dict"],
  ["a tuple appended to", bytes(")", int(1), "a"), "appends to a tuple"],
  ["text that is no UTF-8", bytes("X", 1, 0, 0, 0, 0xff), "not UTF-8"],
  ["no tensor", dict(["epoch", int(3)]), "it holds no tensor"],
  [
    "two tensors of one name",
    dict(["a.b", weight], ["a", dict(["b", weight])]),
    `two tensors are named "a.b"`,
  ],
];

for (const [what, value, message] of noCost) {
  Deno.test(`torch files: malformed: ${what}`, async () => {
    await assertRejects(async () => readTorchFile(await file(torchZip(value, four))), SyntaxError, message);
  });
}

Deno.test("torch files: lists that hold each other a billion times over are given up", async () => {
  let value: Uint8Array = list(weight);
  for (let i = 0; i < 40; i++) value = bytes("]", "(", value, "2", "2", "2", "e"); // DUP: the same list four times
  await assertRejects(
    async () => readTorchFile(await file(torchZip(value, four))),
    SyntaxError,
    "more than 1000000 values",
  );
});

Deno.test("torch files: more values than a model has are given up", async () => {
  const many = bytes(0x80, 2, "]", new Uint8Array(4_100_000).fill(0x5d), ".");
  const path = await file(zip([{ name: "archive/data.pkl", data: many }]));
  await assertRejects(() => readTorchFile(path), SyntaxError, "it makes more than 4000000");
});

const shapes: [string, made.MadeTensor, string][] = [
  [
    "reaches beyond its storage",
    { count: 4, shape: [2, 2], stride: [3, 1] },
    "reaches element 4 of a storage of 4",
  ],
  ["begins beyond its storage", { count: 4, shape: [1], stride: [1], offset: 4 }, "reaches element 4"],
  ["has a negative size", { count: 4, shape: [-1], stride: [1] }, "no valid offset, shape and strides"],
  ["has too few strides", { count: 4, shape: [2, 2], stride: [1] }, "no valid offset, shape and strides"],
  [
    "repeats one value without end",
    { count: 4, shape: [65536, 65536], stride: [0, 0] },
    "lies on a storage of 4",
  ],
  ["says more values than there are", { count: 5, shape: [5], stride: [1] }, "has 16 bytes instead of 20"],
  ["has no values", { key: "../0", count: 4, shape: [4], stride: [1] }, `no entry "archive/data/../0"`],
];

for (const [what, about, message] of shapes) {
  Deno.test(`torch files: a tensor that ${what} is refused`, async () => {
    const path = await file(torchZip(dict(["w", tensor(about)]), four));
    await assertRejects(() => readTorchFile(path), SyntaxError, message);
  });
}

const entry = (says: made.MadeEntry["says"], data: Uint8Array = four["0"]): made.MadeEntry[] => [
  { name: "archive/data.pkl", data: made.pickle(dict(["w", weight])) },
  { name: "archive/data/0", data, says },
];
const archives: [string, made.MadeEntry[], string][] = [
  ["an entry that is compressed", entry({ method: 8 }), "is compressed; torch.save stores"],
  ["an entry that is encrypted", entry({ flags: 1 }), "is encrypted"],
  ["a bomb of 4 GB in 16 bytes", entry({ method: 8, size: 0xfffffff0 }), "instead of 16"],
  ["an entry that says more than it has", entry({ size: 4096 }), "says 4096 bytes and has 16"],
  ["an entry beyond the file", entry({ size: 4096, packed: 4096 }), "reaches beyond its data"],
  ["an entry over another", entry({ headerAt: 0 }), "overlaps the one before"],
  ["a checksum that differs", entry({ crc: 7 }), "is damaged, its checksum differs"],
  [
    "a name that leads out",
    [...entry({}), { name: "../../etc/cron.d/x", data: floats(1) }],
    `"../../etc/cron.d/x"`,
  ],
  ["an absolute name", [...entry({}), { name: "/etc/passwd", data: floats(1) }], `"/etc/passwd"`],
  ["a name of Windows", [...entry({}), { name: "C:\\x", data: floats(1) }], `leads out`],
  [
    "two entries of one name",
    [...entry({}), { name: "archive/data/0", data: floats(1) }],
    "two entries are named",
  ],
  ["two pickles", [...entry({}), { name: "other/data.pkl", data: floats(1) }], "no NAME/data.pkl"],
  ["no pickle", [{ name: "readme.txt", data: floats(1) }], "no NAME/data.pkl"],
  [
    "big-endian values",
    [...entry({}), { name: "archive/byteorder", data: bytes("big") }],
    "byte order is big",
  ],
];

for (const [what, entries, message] of archives) {
  Deno.test(`torch files: an archive with ${what} is refused`, async () => {
    const path = await file(zip(entries));
    const error = await assertRejects(() => readTorchFile(path), SyntaxError, message);
    assertStringIncludes(error.message, path);
  });
}

Deno.test("torch files: a checksum of 0 is none, and one of a tensor's part is not asked for", async () => {
  const read = await readTorchFile(await file(zip(entry({ crc: 0 }))));
  assertEquals([...read.get("w")!.data as Float32Array], [1, 2, 3, 4]);
});

Deno.test("torch files: TorchScript's classes are records, whatever their code would be", async () => {
  const object = (of: string, state: Uint8Array) =>
    bytes(name("__torch__.multimodal", of), ")", 0x81, state, "b");
  const value = object(
    "Model",
    dict(
      ["training", bytes(0x89)],
      ["visual", object("___torch_mangle_7.Tower", dict(["proj", weight], ["bias_k", bytes("N")]))],
      ["sizes", call(name("torch.jit._pickle", "build_intlist"), list(int(1), int(2)))],
      [
        "typed",
        call(name("torch.jit._pickle", "restore_type_tag"), dict(["k", weight]), text("Dict[str, Tensor]")),
      ],
      ["packed", object("Packed", tuple(weight, int(1)))],
    ),
  );
  const code = { name: "archive/code/__torch__/multimodal.py", data: bytes("import os; os.system('id')") };
  const path = await file(
    torchZip(value, four, [code, { name: "archive/constants.pkl", data: bytes("anything") }]),
  );
  using opened = await openTorchFile(path);
  assertEquals([opened.kind, ...opened.tensors.keys()], [
    ...["torchscript", "visual.proj", "typed.k", "packed.__state__.0"],
  ]);
});

Deno.test("torch files: tensors of version 3 have their type beside an untyped storage", async () => {
  const id = tuple(text("storage"), name("torch.storage", "UntypedStorage"), text("0"), text("cpu"), int(16));
  const v3 = (dtype: Uint8Array) =>
    call(
      name("torch._utils", "_rebuild_tensor_v3"),
      ...[bytes(id, "Q"), int(1), tuple(int(2)), tuple(int(1)), bytes(0x89)],
      ...[call(name("collections", "OrderedDict")), dtype],
    );
  const read = await readTorchFile(await file(torchZip(v3(name("torch", "float32")), four)));
  assertEquals([...read.get("tensor")!.data as Float32Array], [2, 3]);
  const other = await file(torchZip(v3(text("float32")), four));
  await assertRejects(() => readTorchFile(other), SyntaxError, "has the element type text");
});

Deno.test("torch files: a file of gigabytes is opened by its ends, a tensor by its own bytes", async () => {
  const path = `${folder}/large.pt`, gigabytes = 3 * 2 ** 30, values = gigabytes / 4;
  const value = dict(
    ["all", tensor({ count: values, shape: [values], stride: [1] })],
    ["end", tensor({ count: values, shape: [2, 2], stride: [2, 1], offset: values - 4 })],
  );
  const small = torchZip(value, { "0": floats(1, 2, 3, 4) });
  // The same archive with a hole of 3 GiB before the last four values, and a directory that says so.
  const view = new DataView(small.buffer),
    end = small.length - 22,
    directory = view.getUint32(end + 16, true);
  const start = directory - 16,
    entryAt = small.findLastIndex((_, i) => view.getUint32(Math.min(i, end), true) === 0x02014b50);
  for (const at of [20, 24]) view.setUint32(entryAt + at, gigabytes, true);
  view.setUint32(entryAt + 16, 0, true);
  view.setUint32(end + 16, start + gigabytes, true);
  const large = await Deno.open(path, { write: true, create: true });
  await large.write(small.subarray(0, start));
  await large.seek(start + gigabytes - 16, Deno.SeekMode.Start);
  await large.write(small.subarray(start));
  large.close();
  const before = Deno.memoryUsage().rss;
  using opened = await openTorchFile(path);
  assertEquals([...opened.read("end").data as Float32Array], [1, 2, 3, 4]);
  assert(Deno.memoryUsage().rss - before < 100 * 2 ** 20);
});

Deno.test("weights: safetensors and torch's files are told apart by content, and neither is a guess", async () => {
  const path = `${folder}/weights.pt`; // the name says nothing
  await writeSafetensors(path, [{ name: "w", shape: [2], dtype: "f32", data: Float32Array.of(1, 2) }], {
    note: "x",
  });
  {
    using weights = await openWeights(path);
    assertEquals(
      [weights.format, weights.metadata.note, [...(await weights.read("w")).data as Float32Array]],
      [
        ...["safetensors", "x", [1, 2]],
      ],
    );
    await assertRejects(() => openWeights(path, { section: "model" }), RangeError, "has no section");
  }
  using torch = await openWeights(await file(torchZip(weight, four), "w.safetensors"));
  assertEquals([torch.format, torch.tensors.get("tensor")!.shape], ["tensor", [2, 2]]);
  await assertRejects(() => torch.read("x"), RangeError);
  for (const content of ["", "x", "PK", "a text that is longer than eight bytes"]) {
    await assertRejects(async () => openWeights(await file(bytes(content))), SyntaxError, "file.pt");
  }
  await assertRejects(() => openWeights(`${folder}/none.pt`), Deno.errors.NotFound);
});
