// LAIONet built from a small stand-in of LAION by every stage, as a user calls them: each table against plain arrays, the
// similarities against a tower in float64 without the engine, and the same bytes when all is done again.
import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import {
  type Column,
  type Frame,
  loadClipTokenizer,
  makeFrame,
  randomStream,
  readFrame,
  textAt,
  textColumn,
  wholeColumn,
  writeParquetFrame,
  writeSafetensors,
} from "../../data_utils/mod.ts";
import { laionetBuildCommand } from "../../data_utils/curate/laionet_build/laionet_build_command.ts";
import { openNpy } from "../../data_utils/tables/npy.ts";
import { buildEngine } from "../../exps_clip/mod.ts";
import { printedBy } from "../concept_freq/printed.ts";
import { gzip, withFolder } from "../data_utils/made_files.ts";
import { asTensors, bpeText, makeWeights, slowEmbeddings } from "./made_tower.ts";

const engine = buildEngine(), command = laionetBuildCommand(() => Promise.resolve(engine));
const run = (line: string, folder: string) =>
  printedBy(command, line.split(" ").map((word) => word.replaceAll("@", folder)));

const synsets: [wnid: string, lemmas: string[]][] = [
  ["n02119789", ["kit fox", "Vulpes macrotis"]],
  ["n02112837", ["Siberian husky"]],
  ["n02085620", ["Chihuahua"]],
  ["n04147183", ["schooner"]],
  ["n03773504", ["missile"]],
  ["n04008634", ["projectile", "missile"]],
];
/** The class of each lemma that stands for one, with the husky's id of the study. */
const classOf: Record<string, string> = {
  ...{ "kit fox": "n02119789", "Vulpes macrotis": "n02119789", "Siberian husky": "n02110185" },
  ...{ Chihuahua: "n02085620", schooner: "n04147183", projectile: "n04008634" },
};

interface Row {
  SAMPLE_ID: number;
  TEXT: string | null;
  NSFW: string | null;
  similarity: number;
}

/** Parts 0, 1 and 4, with captions of which some mention one class, some two, some none. */
function madeRows(): Map<number, Row[]> {
  const draw = randomStream(21),
    others = ["a", "photo", "of", "red", "the", "missile", "kit", "fox", "in", "é", "snow"];
  return new Map([[0, 240], [1, 3], [4, 180]].map(([part, count]) => [
    part,
    Array.from({ length: count }, (_, i): Row => {
      const words = Array.from({ length: 1 + draw.int(5) }, () => others[draw.int(others.length)]);
      const lemmas = Object.keys(classOf), mentions = [0, 0, 1, 1, 1, 1, 2][draw.int(7)];
      for (let m = 0; m < mentions; m++) {
        words.splice(draw.int(words.length), 0, lemmas[draw.int(lemmas.length)]);
      }
      return {
        SAMPLE_ID: 1000 * part + i,
        TEXT: i % 50 === 49 ? null : words.join(draw.int(4) ? " " : "-"),
        NSFW: ["UNLIKELY", "UNLIKELY", "UNLIKELY", "UNSURE", "NSFW", null][draw.int(6)],
        similarity: draw.uniform(),
      };
    }),
  ]));
}

const frameOf = (rows: readonly Row[]) =>
  makeFrame({
    SAMPLE_ID: wholeColumn(rows.map(({ SAMPLE_ID }) => SAMPLE_ID)),
    TEXT: textColumn(rows.map(({ TEXT }) => TEXT)),
    NSFW: textColumn(rows.map(({ NSFW }) => NSFW)),
    similarity: { kind: "float64", values: Float64Array.from(rows, ({ similarity }) => similarity) },
  });

async function writeFrame(path: string, frame: Frame) {
  using file = await Deno.create(path);
  await writeParquetFrame(file, frame);
}

/** All inputs: parts, synsets, weights, byte pairs, ImageNet-Captions. */
async function madeInputs(folder: string): Promise<Map<number, Row[]>> {
  const rows = madeRows();
  for (const [part, of] of rows) await writeFrame(`${folder}/part-0000${part}-abc.parquet`, frameOf(of));
  const lines = synsets.map(([wnid, lemmas]) => `${wnid}: ${lemmas.join(", ")}\n`);
  await Deno.writeTextFile(`${folder}/synsets.txt`, `id: lemmas\n${lines.join("")}`);
  await writeSafetensors(`${folder}/tower.safetensors`, asTensors(makeWeights(3)));
  await Deno.writeFile(`${folder}/bpe.txt.gz`, gzip(new TextEncoder().encode(bpeText())));
  const draw = randomStream(8), words = Object.keys(classOf).concat("snow", "the", "é");
  const text = () => Array.from({ length: 1 + draw.int(3) }, () => words[draw.int(words.length)]).join(" ");
  const images = Array.from({ length: 40 }, (_, i) => ({
    wnid: Object.values(classOf)[i % 6],
    filename: `${Object.values(classOf)[i % 6]}_${i === 39 ? 33 : i}`,
    title: text(),
    ...i % 3 === 0 ? {} : { tags: [text(), ""] },
    ...i % 4 === 0 ? {} : { description: text() },
  }));
  await Deno.writeTextFile(`${folder}/imagenet_captions.json`, JSON.stringify(images));
  return rows;
}

/** A table's rows as objects. */
function objectsOf(frame: Frame): Record<string, unknown>[] {
  const at = (column: Column, row: number) => {
    if (column.kind === "text") return textAt(column, row);
    const value = Number(column.values[row]);
    return Number.isNaN(value) ? null : value;
  };
  return Array.from(
    { length: frame.rows },
    (_, row) => Object.fromEntries(frame.names.map((name) => [name, at(frame.column(name), row)])),
  );
}

const tableAt = async (path: string) => objectsOf(await readFrame(path));

/** The classes that a caption mentions, by the rule on strings. */
function classesIn(text: string | null): string[] {
  const spaced = ` ${(text ?? "").replace(/[!-/:-@[-`{-~]/g, " ")} `;
  return [
    ...new Set(Object.keys(classOf).filter((lemma) => spaced.includes(` ${lemma} `)).map((l) => classOf[l])),
  ];
}

const NAMES = "part-00000-to-part00004-abc.parquet";
const TOWER = "--weights @/tower.safetensors --bpe @/bpe.txt.gz";

/** The first way, into a folder; returns what was printed by the last stage. */
async function byLemmas(folder: string, out: string, total: number): Promise<string> {
  const parts = "--laion @/part-*.parquet", to = `@/${out}`;
  await run(`label ${parts} --synsets @/synsets.txt --out ${to}`, folder);
  await run(`subset ${parts} --labels ${to} --out ${to}`, folder);
  await run(`queries --synsets @/synsets.txt --out ${to}/queries.parquet`, folder);
  const subset = `--subset ${to}/subset_sm_total${total}_${NAMES} --labels ${to}`;
  await run(
    `similarity ${subset} --queries ${to}/queries.parquet ${TOWER} --out ${to}/similar`,
    folder,
  );
  return await run(
    `filter --subset ${to}/similar/subset_sm_total${total}_${NAMES} --labels ${to} --similarity-th 0.25 --remove-nsfw --out ${to}/kept`,
    folder,
  );
}

/** Paths with the digests of all files below a folder, but for provenance, which names the folder. */
async function contentsOf(folder: string, below = ""): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  for await (const { name, isFile } of Deno.readDir(folder + below)) {
    const path = `${below}/${name}`;
    if (!isFile) Object.assign(files, await contentsOf(folder, path));
    else if (!name.endsWith(".provenance.json")) {
      const digest = await crypto.subtle.digest("SHA-256", await Deno.readFile(folder + path));
      files[path] = new Uint8Array(digest).toHex();
    }
  }
  return files;
}

Deno.test("laionet-build: by lemmas, from label to filter", async () => {
  await withFolder(async (base) => {
    const folder = base.replaceAll(" ", "_"); // lines of commands are split at spaces
    await Deno.mkdir(folder, { recursive: true });
    try {
      const parts = await madeInputs(folder), expected: Record<string, unknown>[] = [];
      for (const [part, rows] of parts) {
        rows.forEach((row, i) => {
          if (classesIn(row.TEXT).length > 0) expected.push({ ...row, index: part * 100_000_000 + i });
        });
      }
      const total = expected.length, printed = await byLemmas(folder, "a", total);
      assertEquals(await tableAt(`${folder}/a/subset_sm_total${total}_${NAMES}`), expected);

      const queries = new Map(
        (await tableAt(`${folder}/a/queries.parquet`)).map(({ wnid, TEXT }) => [wnid, TEXT as string]),
      );
      assertEquals([...queries.keys()], [...new Set(Object.values(classOf)), "n03773504"].sort());
      assertEquals(
        queries.get("n02119789"),
        "kit fox which is small grey fox of southwestern United States; may be a subspecies of Vulpes velox",
      );
      assert(queries.get("n02110185")!.startsWith("siberian husky which is breed of sled dog"));

      const similar = await tableAt(`${folder}/a/similar/subset_sm_total${total}_${NAMES}`),
        tokenizer = await loadClipTokenizer(`${folder}/bpe.txt.gz`);
      const embed = (text: string) => slowEmbeddings(makeWeights(3), tokenizer, [text])[0];
      const cosine = (a: number[], b: number[]) => {
        const dot = (x: number[], y: number[]) => x.reduce((sum, v, i) => sum + v * y[i], 0);
        return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
      };
      let several = 0;
      similar.forEach((row, i) => {
        const { text_to_name_def_wnid_similarity: similarity, name_def_wnid: text, ...rest } = row;
        assertEquals(rest, expected[i]);
        const classes = classesIn(row.TEXT as string);
        if (classes.length > 1) {
          several++;
          return assertEquals([similarity, text], [null, null]);
        }
        assertEquals(text, queries.get(classes[0]));
        if (i % 10 === 0) {
          assertAlmostEquals(
            similarity as number,
            cosine(embed(row.TEXT as string), embed(text as string)),
            2e-4,
          );
        }
      });
      assert(several > 10, `${several} rows of several classes`);

      const kept = similar.filter((row) =>
        row.NSFW === "UNLIKELY" && row.text_to_name_def_wnid_similarity !== null &&
        row.text_to_name_def_wnid_similarity as number > 0.25
      );
      assert(kept.length > 10 && kept.length < total - several, `${kept.length} kept`);
      assert(printed.includes(`subset_sm_filt_thresh0.25_total${kept.length}_${NAMES}`), printed);
      assertEquals(
        await tableAt(`${folder}/a/kept/subset_sm_filt_thresh0.25_total${kept.length}_${NAMES}`),
        kept.map((row) => ({ ...row, wnid: classesIn(row.TEXT as string)[0] })),
      );
      const lists = JSON.parse(
        await Deno.readTextFile(
          `${folder}/a/kept/wnid2laionindices(substring_matched_filtered)_smthresh0.25.json`,
        ),
      );
      for (const wnid of Object.values(classOf)) {
        const ids = kept.filter(({ TEXT }) => classesIn(TEXT as string)[0] === wnid).map(({ index }) =>
          index
        );
        assertEquals(lists[wnid] ?? [], ids);
      }

      await byLemmas(folder, "b", total);
      assertEquals(await contentsOf(`${folder}/b`), await contentsOf(`${folder}/a`));

      // The embeddings of both sides from files instead of from the tower.
      const subset = `@/a/subset_sm_total${total}_${NAMES}`;
      await run(`embed --captions ${subset} --captions @/a/queries.parquet ${TOWER} --out @/npy`, folder);
      await run(
        `similarity --subset ${subset} --labels @/a --queries @/a/queries.parquet --out @/npy/similar ` +
          `--embeddings @/npy/subset_sm_total${total}_part-00000-to-part00004-abc.npy --query-embeddings @/npy/queries.npy`,
        folder,
      );
      (await tableAt(`${folder}/npy/similar/subset_sm_total${total}_${NAMES}`)).forEach((row, i) => {
        const [a, b] = [row, similar[i]].map((row) => row.text_to_name_def_wnid_similarity as number | null);
        if (b === null) assertEquals(a, null);
        else assertAlmostEquals(a!, b, 1e-5);
      });
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
});

Deno.test("laionet-build: by texts, from images to the table with classes", async () => {
  await withFolder(async (base) => {
    const folder = base.replaceAll(" ", "_");
    await Deno.mkdir(folder, { recursive: true });
    try {
      const parts = await madeInputs(folder);
      await run("images --incaps @/imagenet_captions.json --out @/ic", folder);
      const records: {
        filename: string;
        wnid: string;
        title: string;
        tags?: string[];
        description?: string;
      }[] = JSON
        .parse(await Deno.readTextFile(`${folder}/imagenet_captions.json`));
      const images = await tableAt(`${folder}/ic/imagenet_captions.parquet`);
      assertEquals(
        images,
        records.slice(0, 39).map(({ filename, title, tags = [], description = "" }) => {
          return { ic_index: filename, TEXT: [title, ...tags, description].join(" ") };
        }),
      );
      assertEquals(
        JSON.parse(await Deno.readTextFile(`${folder}/ic/icimagename2wnid.json`))["n02110185_2"],
        "n02110185",
      );

      const embed =
        `embed --captions @/part-*.parquet --captions @/ic/imagenet_captions.parquet ${TOWER} --out @/npy`;
      const written = async () => (await Deno.stat(`${folder}/npy/part-00000-abc.npy`)).mtime!.getTime();
      const printed = await run(embed, folder), first = await written();
      assertEquals([await run(embed, folder), await written()], [printed, first], "what is there is kept");
      await run(`${embed} --dtype f16`, folder);
      assert(await written() > first, "halves are another thing");
      await run(embed, folder);
      const search =
        "retrieve --queries @/npy/imagenet_captions.npy --images @/ic/imagenet_captions.parquet " +
        "--texts @/npy/part-*.npy --topk 2 --out @/found";
      await run(search, folder);

      using queryFile = await openNpy(`${folder}/npy/imagenet_captions.npy`);
      const { width } = queryFile,
        queries = await queryFile.read(0, 39),
        texts: { id: number; data: Float32Array }[] = [];
      for (const [part, rows] of parts) {
        using file = await openNpy(`${folder}/npy/part-0000${part}-abc.npy`);
        assertEquals(file.rows, rows.length);
        for (let row = 0; row < file.rows; row++) {
          texts.push({ id: part * 100_000_000 + row, data: await file.read(row, row + 1) });
        }
      }
      const expected = images.flatMap(({ ic_index }, i) =>
        texts.map(({ id, data }) => {
          let similarity = 0;
          for (let d = 0; d < width; d++) similarity += queries[i * width + d] * data[d];
          return { ic_index, index: id, similarity };
        }).sort((a, b) => b.similarity - a.similarity || a.index - b.index).slice(0, 2)
      );
      const matches = `${folder}/found/icimagename2laionindices_top2.parquet`;
      assertEquals(await tableAt(matches), expected);
      await assertRejects(() => Deno.stat(`${matches}.partial`), Deno.errors.NotFound);
      const before = await Deno.readFile(matches);
      await run(search, folder);
      assertEquals(await Deno.readFile(matches), before);

      await run(
        `assign --matches ${matches} --image-wnids @/ic/icimagename2wnid.json --out @/labels`,
        folder,
      );
      const taken = new Map<number, string>(), lists: Record<string, number[]> = {};
      for (const { ic_index } of images) {
        const free = expected.find((match) => match.ic_index === ic_index && !taken.has(match.index));
        if (!free) continue;
        const wnid = (ic_index as string).slice(0, 9);
        taken.set(free.index, wnid);
        (lists[wnid] ??= []).push(free.index);
      }
      assert(taken.size < 39, "some captions are wanted by many");
      const labels = `${folder}/labels/wnid2laionindices(subset_ic_most_sim_txttxt)_top2.json`;
      assertEquals(JSON.parse(await Deno.readTextFile(labels)), lists);

      const method = "--method imagenet_captions_most_similar_text_to_texts --with-wnid";
      await run(`subset --laion @/part-*.parquet --labels @/labels ${method} --out @/t2t`, folder);
      const ids = [...taken.keys()].sort((a, b) => a - b);
      assertEquals(
        await tableAt(`${folder}/t2t/subset_ic_most_sim_txttxt_top2_total${ids.length}_${NAMES}`),
        ids.map((index) => {
          const part = Math.floor(index / 100_000_000);
          return { ...parts.get(part)![index % 100_000_000], index, wnid: taken.get(index) };
        }),
      );
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
});

Deno.test("laionet-build: what is no input is refused by name, and nothing is left behind", async () => {
  await withFolder(async (base) => {
    const folder = base.replaceAll(" ", "_");
    await Deno.mkdir(folder, { recursive: true });
    try {
      await madeInputs(folder);
      const parts = "--laion @/part-*.parquet";
      await run(`label ${parts} --synsets @/synsets.txt --out @/labels`, folder);
      const write = (name: string, text: string) => Deno.writeTextFile(`${folder}/${name}`, text);
      await write("beyond.json", '{"n02119789": [239, 240]}');
      await write("stray.json", '{"n02119789": [200000000]}');
      await write("half.json", '{\n"n02119789": [1,2],\n');
      await write("words.json", '{"n02119789": ["one"]}');
      await write("none.json", "{\n}\n");
      await write("far.json", '{"n02119789": [1], "n09999999": [2]}');
      await write("twice.json", '{\n"a": [1],\n"a": [2]\n}\n');
      await Deno.writeFile(
        `${folder}/cut.parquet`,
        (await Deno.readFile(`${folder}/part-00000-abc.parquet`)).slice(0, 900),
      );
      await run(`subset ${parts} --labels @/far.json --out @/far`, folder);
      const far = `--subset @/far/subset_sm_total2_${NAMES} --labels @/far.json`;
      await run("queries --synsets @/synsets.txt --query-type lemmas --out @/q.parquet", folder);
      await run(`embed --captions @/q.parquet ${TOWER} --out @/npy`, folder);
      const both = "--embeddings @/npy/q.npy --query-embeddings @/npy/q.npy";
      const cases: [string, string][] = [
        ["labels", "has no stage labels: label, subset"],
        ["label --synsets @/synsets.txt --out @/x", "--laion is needed"],
        [`label ${parts} --synsets @/none.json --out @/x`, "none.json:1 is no synset"],
        [`label --laion @/nowhere* --synsets @/synsets.txt --out @/x`, "No file matches"],
        [`label ${parts} --synsets @/synsets.txt --caption-col CAPTION --out @/x`, "CAPTION"],
        [`label ${parts} --synsets @/synsets.txt --workers 0 --out @/x`, "--workers 0 is below 1"],
        [`label --laion @/cut.parquet --synsets @/synsets.txt --out @/x`, "cut.parquet"],
        [`subset ${parts} --labels @/beyond.json --out @/x`, "has 240 rows, but the labels hold row 240"],
        [`subset ${parts} --labels @/stray.json --out @/x`, "id 200000000 of part 2, which was not given"],
        [`subset ${parts} --labels @/half.json --out @/x`, "half.json: line 3 is no list"],
        [`subset ${parts} --labels @/words.json --out @/x`, 'n02119789 lists "one" among ids'],
        [`subset ${parts} --labels @/twice.json --out @/x`, "lists a twice"],
        [`subset ${parts} --labels @/none.json --out @/x`, "The labels list no row"],
        [`subset ${parts} --labels @/npy --out @/x`, "holds no wnid2laionindices*.json"],
        [`subset ${parts} --labels @/labels --method other --out @/x`, "is none of substring_matched"],
        [`similarity ${far} --queries @/q.parquet --out @/x`, "needs both --weights and --bpe"],
        [
          `similarity ${far} --queries @/q.parquet --embeddings @/npy/q.npy --out @/x`,
          "Give --embeddings with",
        ],
        [`similarity ${far} --queries @/q.parquet ${both} --out @/x`, "no text for n09999999"],
        [`similarity ${far} --queries @/part-00001-abc.parquet ${both} --out @/x`, "no column wnid"],
        [`filter ${far} --out @/x`, "no column text_to_name_def_wnid_similarity"],
        [`filter ${far} --similarity-th 1.5 --out @/x`, "--similarity-th 1.5 is above 1"],
        [`filter ${far} --similarity-col similarity --similarity-th 1 --out @/x`, "no row is above 1"],
        ["images --incaps @/far.json --out @/x", "is no array"],
        ["images --incaps @/half.json --out @/x", "is no JSON"],
        ["queries --synsets @/bad.txt --out @/x/q", "n00000009, which is no synset of WordNet"],
        [`retrieve --queries @/npy/q.npy --images @/q.parquet --texts @/npy --out @/x`, "no column ic_index"],
        ["assign --matches @/q.parquet --out @/x", "no column ic_index"],
        [`embed --captions @/q.parquet --weights @/synsets.txt --bpe @/bpe.txt.gz --out @/x`, "synsets.txt"],
      ];
      await write("bad.txt", "n00000009: nothing\n");
      await assertRejects(() => printedBy(command, []), RangeError, "needs a stage: label");
      for (const [line, message] of cases) {
        const error = await assertRejects(() => run(line, folder), Error, undefined, line);
        assert(error.message.includes(message), `${line}: ${error.message}`);
      }
      await assertRejects(
        () => run(`similarity ${far} --queries @/lemmas.parquet ${both} --out @/far`, folder),
        Error,
        "lemmas.parquet",
      );
      const left = [];
      try {
        for await (const { name } of Deno.readDir(`${folder}/x`)) left.push(name);
      } catch { /* not even the folder */ }
      assertEquals(left, []);

      const dry = await run(`subset ${parts} --labels @/labels --out @/dry --dry-run --json`, folder);
      assertEquals(JSON.parse(dry).written, false);
      await assertRejects(() => Deno.stat(`${folder}/dry`), Deno.errors.NotFound);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
});

Deno.test("laionet-build: the device is handed back", () => engine.close());
