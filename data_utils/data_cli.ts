// `./denow task data NAME ...`: the variants of data sets that the study compares, by command. Each is loaded when it is
// called; commands that draw or need the GPU are handed what they need from the other folders.
import { type Command, runCommand, runProgram } from "./mod.ts";

const commands: Readonly<Record<string, () => Promise<Command>>> = {
  download: async () => (await import("./download/commands/download_command.ts")).downloadCommand,
  "redcaps-shuffle": async () =>
    (await import("./download/redcaps_shuffle/redcaps_shuffle_command.ts")).redcapsShuffleCommand,
  "download-stats": async () =>
    (await import("./download/report/download_stats_command.ts")).downloadStatsCommand,
  "download-bench": async () =>
    (await import("./download/bench/download_bench_command.ts")).downloadBenchCommand,
  pack: async () => (await import("./curate/shards/pack_command.ts")).packCommand,
  arrange: async () => (await import("./curate/shards/arrange_command.ts")).arrangeCommand,
  async metadata() {
    const { metadataCommand } = await import("./curate/metadata/metadata_command.ts");
    const { frequencyCurves, svgFile } = await import("../fig_utils/mod.ts");
    return metadataCommand((curves, rankBy) => svgFile(frequencyCurves(curves, rankBy)));
  },
  "incaps-variants": async () => (await import("./curate/incaps/variants_command.ts")).incapsVariantsCommand,
  "incaps-subset": async () => (await import("./curate/incaps/subset_command.ts")).incapsSubsetCommand,
  "incaps-trim-tail": async () =>
    (await import("./curate/incaps/trim_tail_command.ts")).incapsTrimTailCommand,
  "caption-cls": async () => (await import("./curate/caption_cls/caption_cls_command.ts")).captionClsCommand,
  "laionet-subset": async () => (await import("./curate/laionet/subset_command.ts")).laionetSubsetCommand,
  "laionet-match-freq": async () => (await import("./curate/laionet/match_command.ts")).laionetMatchCommand,
  "laionet-assign-wnid": async () =>
    (await import("./curate/laionet/assign_command.ts")).laionetAssignCommand,
  async "laionet-build"() {
    const { laionetBuildCommand } = await import("./curate/laionet_build/laionet_build_command.ts");
    return laionetBuildCommand(async () => (await import("../exps_clip/mod.ts")).buildEngine());
  },
  async "text-heads"() {
    const { textHeadsCommand } = await import("./curate/heads/text_heads_command.ts");
    return textHeadsCommand(async (texts, options) => {
      const { embedWithFile } = await import("../exps_clip/mod.ts");
      return await embedWithFile(texts, options);
    });
  },
  "convert-weights": async () =>
    (await import("./curate/heads/convert_weights_command.ts")).convertWeightsCommand,
};

if (import.meta.main) {
  await runProgram((args, signal) =>
    runCommand(
      {
        task: "data",
        about: "Makes the variants of data sets that the study compares, the same ones from the same seeds.",
        commands,
        example: "deno task data metadata --dir metadata",
      },
      args,
      signal,
    )
  );
}
