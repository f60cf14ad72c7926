// A run's numbers as CSV and as a TensorBoard event file, read back by a reader of its own: checksums, framing and every
// field, and the same files again after a run that was stopped and went on.
import { assert, assertAlmostEquals, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { parse } from "@std/csv";
import { crc32c, eventRecords } from "../../data_utils/runs/event_file.ts";
import { EXPORT_FILES, exportMetrics, openRun, readReportTo } from "../../data_utils/mod.ts";
import { readEvents } from "./event_reading.ts";
import { join, withFolder } from "./made_files.ts";

const hex = (bytes: Uint8Array) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(" ");

const filled = (byte: (i: number) => number) => Uint8Array.from({ length: 32 }, (_, i) => byte(i));

Deno.test("event file: CRC-32C has the values of RFC 3720, B.4, and the catalogue's check value", () => {
  const known: [Uint8Array, number][] = [
    [filled(() => 0), 0x8a9136aa],
    [filled(() => 0xff), 0x62a8ab43],
    [filled((i) => i), 0x46dd794e],
    [filled((i) => 31 - i), 0x113fdb5c],
    [new TextEncoder().encode("123456789"), 0xe3069283],
    [new Uint8Array(0), 0],
  ];
  for (const [bytes, crc] of known) assertEquals(crc32c(bytes), crc);
});

Deno.test("event file: the bytes are those that TensorBoard 2.21.0's own writer makes", () => {
  const scalars = [{ tag: "train/loss", value: 0.25 }];
  const [version, event] = [...eventRecords([{ wallTime: 1.5, step: 300, scalars }])];
  assertEquals(
    hex(version),
    "18 00 00 00 00 00 00 00 a3 7f 4b 22 " + // 24 bytes, and the checksum of this number
      "09 00 00 00 00 00 00 f8 3f " + // wall_time = 1.5
      "1a 0d 62 72 61 69 6e 2e 45 76 65 6e 74 3a 32 " + // file_version = "brain.Event:2"
      "2a 28 64 6c", // the checksum of the 24 bytes
  );
  assertEquals(
    hex(event),
    "21 00 00 00 00 00 00 00 01 7b ec f6 " +
      "09 00 00 00 00 00 00 f8 3f " + // wall_time = 1.5
      "10 ac 02 " + // step = 300 in two bytes of seven bits
      "2a 13 0a 11 " + // summary of 19 bytes: one value of 17
      "0a 0a 74 72 61 69 6e 2f 6c 6f 73 73 " + // tag = "train/loss"
      "15 00 00 80 3e " + // simple_value = 0.25
      "65 57 98 1f",
  );
  const large = [...eventRecords([{ wallTime: 0, step: 2 ** 40 + 5, scalars }])];
  assertEquals(readEvents(join(...large))[1].step, 2 ** 40 + 5);
});

const records = [
  { step: 10, loss: 3.25, grad_norm: 1.5, seconds: 2 },
  { step: 20, loss: 2.125, grad_norm: null, seconds: 4.5 }, // JSON's word for NaN
  { step: 30, loss: 1.0625, grad_norm: 0.75, seconds: 6, note: 'a "quoted", word' },
];
const evaluations = [
  { step: 15, images_seen: 240, top1: 0.5, rho_freq_acc: null, acc: [0.5, null], pred: [3, 1] },
  { step: 30, images_seen: 480, top1: 0.75, rho_freq_acc: -0.125, acc: [1, 0.5], pred: [2, 2] },
];

/** Writes a run of the records up to `last` into `dir`. */
async function writeRun(dir: string, last = Infinity): Promise<void> {
  await using run = await openRun({ dir, config: { kind: "test" } });
  await run.truncateAfter(0);
  for (const record of records) if (record.step <= last) run.log(record);
  for (const record of evaluations) if (record.step <= last) run.logEvaluation(record);
}

Deno.test("metrics as CSV: a row per step of both logs, empty where there is no number", async () => {
  await withFolder(async (dir) => {
    await writeRun(dir);
    await exportMetrics(dir, ["csv"]);
    assertEquals(parse(await Deno.readTextFile(`${dir}/metrics.csv`)), [
      ["step", "seconds", "images_seen", "loss", "grad_norm", "note", "val_top1", "val_rho_freq_acc"],
      ["10", "2", "", "3.25", "1.5", "", "", ""],
      ["15", "", "240", "", "", "", "0.5", ""],
      ["20", "4.5", "", "2.125", "", "", "", ""],
      ["30", "6", "480", "1.0625", "0.75", 'a "quoted", word', "0.75", "-0.125"],
    ]);
    assertEquals(
      Array.from(Deno.readDirSync(dir), ({ name }) => name).includes(EXPORT_FILES.tensorboard),
      false,
    );
  });
});

Deno.test("metrics for TensorBoard: every number under its tag, at its step and time; a resumed run replaces", async () => {
  await withFolder(async (dir) => {
    await writeRun(dir, 20);
    await exportMetrics(dir, ["tensorboard", "csv"]);
    const read = async () => readEvents(await Deno.readFile(`${dir}/${EXPORT_FILES.tensorboard}`));
    assertEquals((await read()).map(({ step }) => step), [0, 10, 15, 20]);

    await writeRun(dir); // the run goes on
    await exportMetrics(dir, ["tensorboard", "csv"]);
    const [version, ...events] = await read();
    assertEquals(version.version, "brain.Event:2");
    assertEquals(events.map(({ step, scalars }) => [step, scalars]), [
      [10, { "train/loss": 3.25, "train/grad_norm": 1.5 }],
      [15, { "val/top1": 0.5 }],
      [20, { "train/loss": 2.125 }],
      [30, { "train/loss": 1.0625, "train/grad_norm": 0.75, "val/top1": 0.75, "val/rho_freq_acc": -0.125 }],
    ]);
    // An evaluation has no clock of its own: it stands at that of the step before it.
    const begun = (await Deno.stat(`${dir}/config.json`)).mtime!.getTime() / 1000;
    assertEquals(events.map(({ wallTime }) => Math.round((wallTime - begun) * 1000)), [
      2000,
      2000,
      4500,
      6000,
    ]);
    assertAlmostEquals(events[0].wallTime, Date.now() / 1000, 600);

    const bytes = await Deno.readFile(`${dir}/${EXPORT_FILES.tensorboard}`);
    await exportMetrics(dir, ["tensorboard"]);
    assertEquals(await Deno.readFile(`${dir}/${EXPORT_FILES.tensorboard}`), bytes);
    const written = Array.from(Deno.readDirSync(dir), ({ name }) => name);
    assertEquals(written.filter((name) => name.includes("tfevents")).length, 1);
    assert(!written.some((name) => name.endsWith(".tmp")), `${written}`);
  });
});

Deno.test("metrics export: one that finds no run, a run without numbers, a damaged log", async () => {
  await withFolder(async (dir) => {
    await assertRejects(() => exportMetrics(dir, ["csv"]), Deno.errors.NotFound, "config.json");
    await exportMetrics(dir, []); // nothing asked, nothing looked at
    await writeRun(dir, 0);
    await exportMetrics(dir, readReportTo("all"));
    assertEquals(await Deno.readTextFile(`${dir}/metrics.csv`), "step\r\n");
    assertEquals(readEvents(await Deno.readFile(`${dir}/${EXPORT_FILES.tensorboard}`)).length, 1);
    await Deno.writeTextFile(`${dir}/metrics.jsonl`, '{"step":10,"loss":1}\n{"loss":2}\n');
    await assertRejects(
      () => exportMetrics(dir, ["csv"]),
      SyntaxError,
      "metrics.jsonl has a record without a step",
    );
    await Deno.writeTextFile(`${dir}/metrics.jsonl`, '{"step":10,"loss":1}\nnonsense\n');
    await assertRejects(
      () => exportMetrics(dir, ["csv"]),
      SyntaxError,
      "metrics.jsonl:2 is not a JSON object",
    );
  });
});

Deno.test("--report-to: open_clip's form", () => {
  assertEquals(readReportTo(""), []);
  assertEquals(readReportTo("tensorboard"), ["tensorboard"]);
  assertEquals(readReportTo("tensorboard, csv"), ["csv", "tensorboard"]);
  assertEquals(readReportTo("all"), ["csv", "tensorboard"]);
  const message = "--report-to csv,wandb: wandb is none of csv, tensorboard";
  assertThrows(() => readReportTo("csv,wandb"), RangeError, message);
});
