// What `data download` cannot work with: each is told in one line with exit code 2, and nothing is written.
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { downloadCommand } from "../../data_utils/download/commands/download_command.ts";
import { errorLine, exitCode } from "../../data_utils/program/outcome.ts";
import { inFolder } from "../curate/shards_made.ts";
import { bytesOf, join, tar } from "../data_utils/made_files.ts";
import { run as runProgram } from "../exps/processes.ts";

/** Runs the command in this process: its exit code and its line. */
async function told(args: readonly string[]): Promise<[number, string]> {
  try {
    await downloadCommand.run(args, new AbortController().signal);
    return [0, ""];
  } catch (error) {
    return [exitCode(error), errorLine(error)];
  }
}

const page = "<!DOCTYPE html><html><head><title>404</title></head><body>Not found</body></html>\n";

/** Inputs good and bad, and places to write to. */
async function writeInputs(folder: string): Promise<void> {
  const files: Record<string, string | Uint8Array> = {
    "rows.tsv": "url\tcaption\tsha256\nhttp://127.0.0.1:9/a.jpg\ta caption\tff\n",
    "empty.tsv": "",
    "head.tsv": "url\tcaption\n",
    "page.tsv": page,
    "tarred.tsv": tar({ "a.txt": "a caption" }),
    "zipped.parquet": join(bytesOf("PK\x03\x04"), new Uint8Array(200)),
    "other.tsv": "address\tcaption\nx\ty\n",
    "cut.json": '[{"url": "http://127.0.0.1:9/a.jpg", "caption": "a"}, {"url": ',
    "file": "of somebody",
  };
  for (const [name, content] of Object.entries(files)) {
    await Deno.writeFile(`${folder}/${name}`, bytesOf(content));
  }
  await Deno.mkdir(`${folder}/full`);
  await Deno.writeTextFile(`${folder}/full/notes.md`, "of somebody");
}

/** All files below a folder with their contents. */
async function below(folder: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const path = `${folder}/${name}`;
    if (isDirectory) Object.assign(found, await below(path));
    else found[path] = (await Deno.readFile(path)).toHex();
  }
  return found;
}

/** Flags, and what the line has to say; absent flags are those of a download that would do. */
const cases: readonly (readonly [Record<string, string | undefined>, RegExp])[] = [
  [{ "--out": undefined }, /^--out is needed/],
  [{ "--input": undefined }, /^--input is needed/],
  [{ "--source": undefined }, /^--source is needed/],
  [{ "--source": "flickr" }, /--source flickr is none of yfcc, .*generic/],
  [{ "--bogus": "1" }, /Unknown flag --bogus/],
  [{ "--shard": "3/2" }, /--shard 3\/2 is not I\/N/],
  [{ "--shard": "0/2" }, /--shard 0\/2 is not I\/N/],
  [{ "--reasons": "http_404" }, /--reasons .* --retry-failed/],
  [{ "--retry-failed": "", "--reasons": "http_4o4" }, /^http_4o4 is no reason; there are /],
  [{ "--retry-failed": "", "--verify": "" }, /--retry-failed and --verify do not go together/],
  [{ "--encode-quality": "0", "--encode-format": "jpg" }, /quality must be .* 1 to 100, got 0/],
  [{ "--encode-quality": "50", "--encode-format": "png" }, /compression\) must be .* 0 to 9, got 50/],
  [{ "--image-size": "0" }, /--image-size 0 is below 1/],
  [{ "--image-size": "2.5" }, /--image-size 2\.5 is not a whole number/],
  [{ "--layout": "qnq", "--encode-format": "png" }, /--layout qnq holds JPEGs/],
  [{ "--user-agent": "a\r\nHost: b" }, /user agent "a\\r\\nHost: b" needs/],
  [{ "--contact": "Zoë" }, /user agent .* needs/],
  [{ "--timeout": "soon" }, /--timeout soon is not a number/],
  [{ "--metrics-port": "65536" }, /--metrics-port 65536 is above 65535/],
  [{ "--dns": "nonsense" }, /name server "nonsense" is no IP/],
  [{ "--dns": "1.1.1.1:99999" }, /name server "1\.1\.1\.1:99999" is no IP/],
  [{ "--source": "wit", "--nsfw": "all" }, /--nsfw is for --source laion only, not for wit/],
  [{ "--language": "de" }, /--language is for --source wit only, not for generic/],
  [{ "--verify-hash": "md5" }, /rows\.tsv has no column md5, but url, caption, sha256: .*--verify-hash/],
  [{ "--url-col": "link" }, /rows\.tsv has no column link, but url, caption, sha256: .*--url-col/],
  [{ "--input": "IN/other.tsv" }, /other\.tsv has no column url, but address, caption: .*--url-col/],
  [{ "--input": "IN/gone.tsv" }, /No file matches .*gone\.tsv: check the path/],
  [{ "--input": "IN/full" }, /full holds no files of captions/],
  [{ "--input": "IN/empty.tsv" }, /empty\.tsv: no row; name other files/],
  [{ "--input": "IN/head.tsv" }, /head\.tsv: no row; name other files/],
  [{ "--input": "IN/head.tsv", "--dedup": "drop" }, /head\.tsv: no row; name other files/],
  [{ "--input": "IN/page.tsv" }, /page\.tsv is a web page/],
  [{ "--input": "IN/tarred.tsv" }, /tarred\.tsv is no text/],
  [{ "--input": "IN/zipped.parquet" }, /zipped\.parquet is a zip archive: unpack it/],
  [{ "--input": "IN/cut.json" }, /cut\.json/],
  [{ "--input": "IN/cut.json", "--dedup": "drop" }, /cut\.json/],
  [{ "--out": "IN/file" }, /file is a file; a folder is wanted here/],
  [{ "--out": "IN/file/out" }, /file\/out leads through a file/],
  [{ "--out": "" }, /empty path/],
  [{ "--verify": "" }, /out holds no download to verify/],
  [{ "--verify": "", "--shard": "1/2" }, /out holds no download of this --shard to verify/],
];

Deno.test("download: bad input is told in a line and nothing is written", () =>
  inFolder(async (folder) => {
    await writeInputs(folder);
    const before = await below(folder), good = { "--source": "generic", "--input": "IN/rows.tsv" };
    for (const out of ["out", "full"]) {
      for (const [flags, says] of cases) {
        const all: Record<string, string | undefined> = { ...good, "--out": `IN/${out}`, ...flags };
        if (out === "full" && flags["--verify"] !== undefined) continue;
        const args = Object.entries(all).flatMap(([flag, value]) =>
          value === undefined ? [] : ["--retry-failed", "--verify"].includes(flag) ? [flag] : [flag, value]
        ).map((arg) => arg.replace(/^IN/, folder));
        const [code, line] = await told(args), what = JSON.stringify(flags);
        assertEquals([code, line.includes("\n")], [2, false], `${what}: ${line}`);
        assertMatch(line, says, what);
        assertEquals(await below(folder), before, what);
      }
    }
    assertEquals(await told(["--source", "generic", "--input", "a", "b"]), [
      2,
      "Unexpected b: several inputs are --input A --input B, or a pattern in quotes",
    ]);
  }));

Deno.test("download: once a bad input is mended the same command takes it", () =>
  inFolder(async (folder) => {
    await writeInputs(folder);
    const args = ["--source", "generic", "--input", `${folder}/cut.json`, "--out", `${folder}/out`];
    assertEquals((await told(args))[0], 2);
    await Deno.writeTextFile(`${folder}/cut.json`, '[{"url": "http://127.0.0.1:9/a.jpg", "caption": "a"}]');
    const { log } = console, tables: string[] = [];
    console.log = (text) => tables.push(text);
    try {
      assertEquals(await told(args), [0, ""]);
    } finally {
      console.log = log;
    }
    assertStringIncludes(tables.join("\n"), "private_address");
  }));

Deno.test("download: the program says no more than the line", () =>
  inFolder(async (folder) => {
    await writeInputs(folder);
    const run = (...more: string[]) =>
      runProgram("data_utils/data_cli.ts", [
        ...["download", "--source", "generic", "--out", `${folder}/out`, ...more],
      ]);
    const bad = await run("--input", `${folder}/head.tsv`);
    assertEquals([bad.code, bad.out, bad.err.split("\n").length], [2, "", 1], bad.err);
    assertMatch(bad.err, /head\.tsv: no row/);
    using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const port = String((taken.addr as Deno.NetAddr).port);
    const busy = await run("--input", `${folder}/rows.tsv`, "--metrics-port", port);
    assertEquals([busy.code, busy.out, busy.err.split("\n").length], [1, "", 1], busy.err);
    assertStringIncludes(busy.err, `Port ${port} is taken: choose another with --metrics-port`);
    const shards = Object.keys(await below(`${folder}/out`)).filter((path) => path.endsWith(".tar"));
    assertEquals(shards, []);
  }));

Deno.test({
  name: "download: a folder that is not open to this user is told in a line",
  ignore: Deno.build.os === "windows" || Deno.uid() === 0,
  fn: () =>
    inFolder(async (folder) => {
      await writeInputs(folder);
      await Deno.mkdir(`${folder}/closed`, { mode: 0o500 });
      const [code, line] = await told([
        ...["--source", "generic", "--input", `${folder}/rows.tsv`, "--out", `${folder}/closed`],
      ]);
      assertEquals(code, 2, line);
      assertMatch(line, /closed.* is not open to this user/);
    }),
});
if (Deno.build.os !== "windows" && Deno.uid() === 0) {
  console.warn("skipped: downloads into a folder that is not open: root may write everywhere");
}
