// Parity with PyTorch on the device: the golden fixtures of the checkout and, where it is there, the rest of the whole
// set, in both device classes; of the GPU class a case per kind of kernel, and all in tests/soak.

import { assert, assertEquals } from "@std/assert";
import { deviceEvaluator } from "./device_evaluator.ts";
import { failuresOf, fixtures, isFolder, shared, wantedCases } from "./folders.ts";
import { caseNames, groupNames } from "./fixture.ts";

const sharedPresent = isFolder(shared);
if (!sharedPresent) console.warn("skipped: ../shared/golden is absent");

const software = await deviceEvaluator({ deviceClass: "software" });
const gpu = await deviceEvaluator({ deviceClass: "gpu" });
Deno.test.afterAll(() => {
  software.close();
  gpu.close();
});

for (const group of ["a_ops", "b_optim", "c_modules", "e_metrics"]) {
  Deno.test(`golden fixtures of the checkout: ${group}`, async () => {
    const names = await wantedCases(fixtures, group);
    assert(names.length > 0);
    assertEquals(await failuresOf(software, fixtures, group, names), []);
  });
}

for (const group of ["a_ops", "c_modules", "d_trajectories", "f_rng"]) {
  Deno.test({
    name: `golden ../shared: the rest of ${group}`,
    ignore: !sharedPresent,
    fn: async () => {
      const here = (await groupNames(fixtures)).includes(group) ? await caseNames(fixtures, group) : [];
      const names = (await wantedCases(shared, group)).filter((name) => !here.includes(name));
      assert(names.length > 0);
      assertEquals(await failuresOf(software, shared, group, names), []);
    },
  });
}

/** A case per kind of kernel that the GPU class has of its own. */
const onGpu: Record<string, string[]> = {
  a_ops: [
    ...["matmul_17x33x65_TN", "linear_bias", "conv2d_n2c3h8w8_o6k3s1p1", "conv2d_n2c3h17w19_o4k7s2p3"],
    ...["sum_d02", "max_d1", "softmax_wide", "layernorm", "batchnorm2d_train", "groupnorm_g2_c6"],
    ...[
      "embedding",
      "permute_4d",
      "concat_dim1",
      "mha_causal",
      "avgpool2d_h7w5_k2s2",
      "cross_entropy_smooth01",
    ],
  ],
  b_optim: ["net_lars", "seq_adamw_clip"],
  c_modules: ["bottleneck_s2", "clip_loss", "cosine_head_subvocab"],
};

for (const [group, names] of Object.entries(onGpu)) {
  Deno.test(`golden fixtures on class gpu: some of ${group}`, async () => {
    assertEquals(await failuresOf(gpu, fixtures, group, names), []);
  });
}

Deno.test({
  name: "golden fixtures of the checkout are those of ../shared, and few",
  ignore: !sharedPresent,
  fn: async () => {
    let size = 0;
    for (const group of await groupNames(fixtures)) {
      const expected = new Set(await caseNames(fixtures, group));
      for await (const { name } of Deno.readDir(`${fixtures}/${group}`)) {
        const bytes = await Deno.readFile(`${fixtures}/${group}/${name}`);
        size += bytes.length;
        if (name === "index.json") continue;
        assert(expected.has(name.slice(0, name.lastIndexOf("."))), `${name} is in no index`);
        assertEquals(bytes, await Deno.readFile(`${shared}/${group}/${name}`), name);
      }
    }
    assert(size <= 3e6, `${size} bytes`);
  },
});
