/** All sources by the names of --source. */
import { cc12m } from "./cc12m.ts";
import { generic } from "./generic.ts";
import { laion } from "./laion.ts";
import { redcaps } from "./redcaps.ts";
import { shutterstock } from "./shutterstock.ts";
import type { Source, SourceName } from "./source.ts";
import { wit } from "./wit.ts";
import { yfcc } from "./yfcc.ts";

export const sources: Readonly<Record<SourceName, Source>> = {
  yfcc,
  laion,
  cc12m,
  wit,
  redcaps,
  shutterstock,
  generic,
};

/** The source of a name. Throws RangeError, listing those that are, for one that is not. */
export function sourceNamed(name: string): Source {
  if (Object.hasOwn(sources, name)) return sources[name as SourceName];
  throw new RangeError(`--source ${name} is none of ${Object.keys(sources).join(", ")}`);
}
