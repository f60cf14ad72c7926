/** `data laionet-build`: LAIONet from LAION-400M, stage by stage, each leaving files that the next ones read. */
import type { Command } from "../../program/command.ts";
import { filterStage, labelStage, subsetStage } from "./label_commands.ts";
import { retrievalStages } from "./retrieval_commands.ts";
import type { Stage } from "./stage.ts";
import { textStages } from "./text_commands.ts";
import type { BuildEngine } from "./text_tower.ts";

const about =
  `Builds LAIONet (Shirali and Hardt, 2023) and the set of captions like ImageNet-Captions' from the parts of
LAION-400M.

  by lemmas:  label -> subset -> queries, similarity -> filter
  by texts:   images -> embed -> retrieve -> assign -> subset --with-wnid`;

/** An engine that is loaded when it is first needed. */
function loadedLater(load: () => Promise<BuildEngine>): BuildEngine {
  let loading: Promise<BuildEngine> | null = null;
  const engine = () => loading ??= load();
  return {
    openTower: async (files) => await (await engine()).openTower(files),
    openProducts: async (sizes) => await (await engine()).openProducts(sizes),
  };
}

/** The command, with what loads the engine for the stages that embed and search. */
export function laionetBuildCommand(loadEngine: () => Promise<BuildEngine>): Command {
  const engine = loadedLater(loadEngine);
  const [queries, similarity, images, embed] = textStages(engine);
  const stages: Stage[] = [
    ...[labelStage, subsetStage, queries, similarity, filterStage],
    ...[images, embed, ...retrievalStages(engine)],
  ];
  const width = Math.max(...stages.map(({ name }) => name.length)) + 2;
  const list = stages.map(({ name, summary }) => `  ${name.padEnd(width)}${summary}`).join("\n");
  const details = stages.map(({ name, help }) => `--- ${name}\n\n${help}`).join("\n\n");
  return {
    name: "laionet-build",
    summary: "LAIONet from LAION: labels by lemmas, similarities, filter, text-to-text retrieval",
    help: `${about}\n\nUsage: deno task data laionet-build STAGE [...]\n\n${list}\n\n${details}`,
    async run([name, ...args], signal) {
      const stage = stages.find((stage) => stage.name === name);
      if (!stage) {
        const all = stages.map((stage) => stage.name).join(", ");
        throw new RangeError(
          `${
            name === undefined
              ? "data laionet-build needs a stage"
              : `data laionet-build has no stage ${name}`
          }: ${all}`,
        );
      }
      await stage.run(args, signal);
    },
  };
}
