// Every fault that the fault server knows, through the program: each row has exactly one outcome, for the right reason, after
// as many requests as it deserves; every good image lies in its shard byte for byte; and the loader reads the whole.
import { assertEquals, assertMatch } from "@std/assert";
import { shardSamples, skipTally } from "../../data_utils/mod.ts";
import { checkOutcomes, shardsIn } from "./download_outcomes.ts";
import { download, downloadArgs, loopback, startFaults, writeRows } from "./download_runs.ts";
import { faultRow, rowKinds } from "./fault_table.ts";

Deno.test({
  name: "download: every kind of fault ends as it should",
  ignore: !loopback,
  fn: async () => {
    await using faults = await startFaults();
    const { server, names, folder } = faults;
    const kinds = [...rowKinds, ...rowKinds], rows = kinds.map((kind, i) => faultRow(server, kind, i));
    const input = await writeRows(faults, rows), out = `${folder}/out`;
    const { code, err, out: printed } = await download(faults, downloadArgs(faults, input, out));
    assertEquals(code, 0, err);
    await checkOutcomes(out, rows);

    const odd = rows.flatMap(({ kind, url, expected: { requests } }) => {
      const path = URL.parse(url)?.pathname ?? "", asked = server.requests.get(path) ?? 0;
      return typeof requests !== "number" || asked === requests ? [] : [`${kind}: ${asked} for ${requests}`];
    });
    assertEquals(odd, []);
    // both kinds of address, once each: what is there and what is not is remembered
    assertEquals(["here", "nowhere"].map((domain) => names.lookups.get(`images.${domain}.test`)), [2, 2]);
    assertMatch(printed, /http_404/);

    const good = rows.filter(({ expected }) => expected.reason === null);
    const shards = (await shardsIn(out)).map((name) => `${out}/${name}.tar`), skips = skipTally();
    const samples = await Array.fromAsync(shardSamples(shards, { skips }));
    assertEquals(samples.map(({ caption }) => caption), good.map(({ caption }) => caption));
  },
});
