// Tables and the scrolling frames of the report: wide ones scroll by themselves, also from the keyboard, so that a page
// on a narrow screen does not.
import { Markup, markup } from "./markup.ts";

/** One column: its head and the cell of a row. */
export interface Column<Row> {
  readonly head: string;
  /** Text columns stand at the left, numbers at the right. */
  readonly text?: boolean;
  cell(row: Row): string | number | Markup;
}

/** A table whose first column names the row. */
export function table<Row>(caption: string, columns: readonly Column<Row>[], rows: readonly Row[]): Markup {
  const [first, ...others] = columns, side = ({ text }: Column<Row>) => text ? ` class="text"` : "";
  return scrolling(
    caption,
    markup`<table><caption><span>${caption}</span></caption>
<thead><tr>${
      columns.map((column) => markup`<th scope="col"${new Markup(side(column))}>${column.head}</th>`)
    }</tr></thead>
<tbody>${
      rows.map((row) =>
        markup`<tr><th scope="row">${first.cell(row)}</th>${
          others.map((column) => markup`<td${new Markup(side(column))}>${column.cell(row)}</td>`)
        }</tr>
`
      )
    }</tbody></table>`,
  );
}

/** A frame that scrolls sideways where its content is wider, and can be reached with the keyboard. */
export function scrolling(name: string, content: Markup): Markup {
  return markup`<div class="scroll" tabindex="0" role="region" aria-label="${name}">${content}</div>`;
}
