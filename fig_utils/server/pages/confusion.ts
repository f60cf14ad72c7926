// Which classes are taken for which: a square matrix with the classes from frequent to rare, and the most common
// errors by name. With many classes, neighbours in frequency share a row and a column, so that a thousand classes stay
// a picture that can be read and sent.
import type { ClassRow, ConfusionCount } from "../../../data_utils/mod.ts";
import { html, raw } from "../../deps.ts";
import type { Markup } from "./layout.ts";

/** Rows and columns of the picture, at most. */
const CELLS = 64;
/** Errors named below the picture. */
const NAMED = 10;
/** Steps of opacity, each one path of the picture. */
const LEVELS = 8;

/** The matrix in rows of one or several classes. */
export interface ConfusionGrid {
  readonly size: number;
  /** What a row stands for: a class's name, or the places of its classes in the order of frequency. */
  readonly names: readonly string[];
  /** Counts above 0, with row (true class) and column (prediction). */
  readonly cells: readonly (readonly [row: number, column: number, count: number])[];
  /** Images of each row. */
  readonly totals: readonly number[];
}

/** Sums counts into a grid of at most 64 rows, frequent classes first. */
export function confusionGrid(
  classes: readonly ClassRow[],
  counts: readonly ConfusionCount[],
): ConfusionGrid {
  const order = classes.map((_, c) => c).sort((a, b) => classes[b].freq - classes[a].freq || a - b);
  const each = Math.ceil(classes.length / CELLS), size = Math.ceil(classes.length / each);
  const place = new Map(order.map((c, rank) => [c, Math.floor(rank / each)]));
  const names = Array.from({ length: size }, (_, i) => {
    const first = i * each, last = Math.min(classes.length, first + each) - 1;
    const name = classes[order[first]].class;
    return last === first ? name : `classes ${first + 1} to ${last + 1} by frequency (${name}, ...)`;
  });
  const sums = new Map<number, number>(), totals = Array<number>(size).fill(0);
  for (const { target, predicted, count } of counts) {
    const row = place.get(target)!, key = row * size + place.get(predicted)!;
    sums.set(key, (sums.get(key) ?? 0) + count);
    totals[row] += count;
  }
  const cells = [...sums].sort(([a], [b]) => a - b)
    .map(([key, count]) => [Math.floor(key / size), key % size, count] as const);
  return { size, names, cells, totals };
}

/** The picture and the table. */
export function confusionSection(classes: readonly ClassRow[], counts: readonly ConfusionCount[]): Markup {
  const grid = confusionGrid(classes, counts), shared = grid.size < classes.length;
  const label = "Confusion matrix. Arrow keys go from field to field.";
  return html`
    <p>Rows are the true classes, columns what they were taken for, both from frequent (top, left) to rare. The
      stronger a field, the larger its share of the row; the diagonal is what was right.${shared
        ? ` ${classes.length} classes are drawn as ${grid.size} groups of neighbours in frequency.`
        : ""}</p>
    <figure class="chart confusion" data-names="${JSON.stringify(grid.names)}" data-cells="${JSON.stringify(
      grid.cells,
    )}"
      data-totals="${JSON.stringify(grid.totals)}">
      <div tabindex="0" role="group" aria-label="${label}">${raw(picture(grid))}</div>
      <output class="readout faint">Point at a field, or focus the matrix and use the arrow keys.</output>
    </figure>
    ${commonErrors(classes, counts)}
  `;
}

/** One path per level of opacity for what is right and what is wrong: small, however many fields there are. */
function picture({ size, cells, totals }: ConfusionGrid): string {
  const paths = new Map<string, string[]>();
  for (const [row, column, count] of cells) {
    const level = Math.ceil(LEVELS * Math.sqrt(count / totals[row]));
    const key = `class="${row === column ? "right" : "wrong"}" fill-opacity="${level / LEVELS}"`;
    const path = paths.get(key) ?? [];
    path.push(`M${column} ${row}h1v1h-1z`);
    paths.set(key, path);
  }
  const fields = [...paths].sort().map(([key, path]) => `<path ${key} d="${path.join("")}"/>`).join("");
  return `<svg viewBox="-0.1 -0.1 ${size + 0.2} ${
    size + 0.2
  }" role="presentation" shape-rendering="crispEdges">` +
    `<rect class="frame" width="${size}" height="${size}" vector-effect="non-scaling-stroke"/>${fields}` +
    `<rect class="chosen pointed" width="1" height="1" vector-effect="non-scaling-stroke"/></svg>`;
}

function commonErrors(classes: readonly ClassRow[], counts: readonly ConfusionCount[]): Markup | string {
  const errors = counts.filter(({ target, predicted }) => target !== predicted)
    .sort((a, b) => b.count - a.count || a.target - b.target || a.predicted - b.predicted).slice(0, NAMED);
  if (errors.length === 0) return "";
  const rows = errors.map(({ target, predicted, count }) =>
    html`
      <tr>
        <td class="name">${classes[target].class}</td>
        <td class="name">${classes[predicted].class}</td>
        <td>${count}</td>
      </tr>
    `
  );
  return html`
    <div class="scroll" tabindex="0" role="region" aria-label="Most common errors">
      <table>
        <caption><span>The most common errors</span></caption>
        <thead>
          <tr>
            <th scope="col" class="name">class</th>
            <th scope="col" class="name">taken for</th>
            <th
              scope="col">images</th>
          </tr>
        </thead>
        <tbody>${rows}</tbody>
      </table>
    </div>
  `;
}
