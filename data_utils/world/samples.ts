/**
 * The samples of a world folder one by one, as the generator makes them, and how each is put into files. Writing and
 * checking both start here, so that they cannot disagree about what a folder should hold.
 */
import { SCENES } from "./names.ts";
import { IMAGE_BYTES, type WorldRecord } from "./render.ts";
import { renderWorldImage, worldCaption, worldLabels } from "./world_set.ts";
import { type WorldFolder, worldOf } from "./world_folder.ts";

/** One sample as it is made. */
export interface MadeSample {
  index: number;
  key: string;
  className: string;
  record: WorldRecord;
  caption: string;
  /** RGB bytes, 32 x 32 x 3; overwritten by the next sample. */
  pixels: Uint8Array<ArrayBuffer>;
}

/** Makes all samples of a folder in order; only one picture is in memory at a time. */
export function* makeSamples(folder: WorldFolder): Generator<MadeSample> {
  const world = worldOf(folder), { seed, split, counts, captions, grammar } = folder;
  const place = { world, seed, split }, labels = worldLabels({ ...place, counts });
  const pixels = new Uint8Array(IMAGE_BYTES);
  for (let index = 0; index < labels.length; index++) {
    const record = renderWorldImage(place, index, labels[index], pixels);
    yield {
      index,
      key: `${split}-${index}`,
      className: world.classNames[record.label],
      record,
      caption: worldCaption(place, index, record, captions, 0, grammar),
      pixels,
    };
  }
}

/** The KEY.json of a shard. */
export interface SampleNotes {
  label: number;
  class: string;
  scene: string;
  /** Classes of the objects behind the main one. */
  clutter: readonly number[];
  large: boolean;
  caption_level: string;
}

/** What KEY.json of a sample says. */
export function notesOf({ record, className }: MadeSample, folder: WorldFolder): SampleNotes {
  const { label, scene, clutter, large } = record;
  return {
    label,
    class: className,
    scene: SCENES[scene].name,
    clutter,
    large,
    caption_level: folder.captions,
  };
}

/** The record that notes tell. Throws SyntaxError naming `where` for a field that is missing or wrong. */
export function recordOf(notes: Partial<SampleNotes>, where: string): WorldRecord {
  const { label, clutter, large } = notes, scene = SCENES.findIndex(({ name }) => name === notes.scene);
  const isLabel = (value: unknown) => Number.isInteger(value) && (value as number) >= 0;
  const whole = isLabel(label) && scene >= 0 && typeof large === "boolean" && Array.isArray(clutter) &&
    clutter.every(isLabel);
  if (!whole) throw new SyntaxError(`${where} does not tell label, scene, clutter and large`);
  return { label: label!, scene, clutter: clutter!, large: large! };
}

/** Columns of the table; the first three are those that loaders look for. */
export const TABLE_COLUMNS = ["filepath", "label", "caption", "scene", "clutter", "large"] as const;

/** A row of the table, in the order of {@link TABLE_COLUMNS}; names and captions hold neither tabs nor quotes. */
export function tableRow({ record, caption }: MadeSample, filepath: string): string[] {
  const { label, scene, clutter, large } = record;
  return [filepath, String(label), caption, SCENES[scene].name, clutter.join(" "), large ? "1" : "0"];
}
