/** How many rows each class is to have: the counts of a frequency table, or of images whose names begin with a wnid. */
import type { ClassMetadata } from "../../metadata/class_metadata.ts";
import { readFrequencyTable } from "../../metadata/frequency_table.ts";
import { textCodes } from "../../tables/frame.ts";
import { type FrameOptions, readFrame } from "../../tables/read_frame.ts";

/**
 * Counts by label from a frequency table in any order, whose names are class names or WordNet ids. Throws SyntaxError
 * naming the file for a name that is neither, one that is there twice, and a class that has no line.
 */
export async function targetsOfTable(path: string, classes: ClassMetadata): Promise<Int32Array> {
  const { rows } = await readFrequencyTable(path), { classNames } = classes;
  const labels = new Map(classNames.map((name, label) => [name, label]));
  const targets = new Int32Array(classNames.length).fill(-1);
  rows.forEach(({ name, count }, i) => {
    const label = labels.get(name) ?? classes.labelOf(name),
      line = `${path}, line ${i + 1}: ${JSON.stringify(name)}`;
    if (label === undefined) throw new SyntaxError(`${line} is none of the ${classNames.length} classes`);
    if (targets[label] >= 0) throw new SyntaxError(`${line} has a count already: keep one of them`);
    if (count >= 2 ** 31) throw new SyntaxError(`${line}: no table has ${count} rows of a class`);
    targets[label] = count;
  });
  const absent = targets.indexOf(-1);
  if (absent >= 0) {
    throw new SyntaxError(`${path} has no line for class ${classNames[absent]}: add one, if with 0`);
  }
  return targets;
}

/** What a file name of ImageNet-Captions begins with. */
const wnidOfFile = (name: string) => name.split("_", 1)[0];

/**
 * Counts by label from a table of images, one a row, whose names begin with a WordNet id and "_". Throws SyntaxError
 * naming file and row for a name that does not, or of an id that is none of the classes.
 */
export async function targetsOfImages(
  path: string,
  classes: ClassMetadata,
  column?: string,
  quoting?: FrameOptions["quoting"],
): Promise<Int32Array> {
  const wish = column ?? ["ic_index", "filename", "__index_level_0__"];
  const frame = await readFrame(path, { columns: [wish], quoting }),
    { codes, texts } = textCodes(frame.text(frame.names[0]));
  const labels = texts.map((name) => classes.labelOf(wnidOfFile(name)));
  const targets = new Int32Array(classes.wnids.length);
  for (let row = 0; row < codes.length; row++) {
    const label = labels[codes[row]];
    if (label === undefined) {
      const found = codes[row] < 0 ? "nothing" : JSON.stringify(texts[codes[row]]);
      throw new SyntaxError(
        `${path}, row ${row} (from 0): ${found} does not begin with the wnid of one of the ` +
          `${classes.wnids.length} classes and "_"`,
      );
    }
    targets[label]++;
  }
  return targets;
}
