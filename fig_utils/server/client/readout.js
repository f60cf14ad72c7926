// @ts-check
// Names what the pointer is at, or what arrow keys have reached: a dot's class, a field of the confusion matrix.
import { document } from "./page.js";

/** @typedef {import("./page.js").PageElement} PageElement */

/** How near the pointer must come to a dot, in pixels. */
const reach = 24;

const steps = /** @type {Record<string, readonly [number, number] | undefined>} */ ({
  ...{ ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] },
});

/** Serves the figures whose dots carry a title. */
export function nameDots() {
  for (const figure of document.querySelectorAll("[data-dots]")) {
    const place = figure.querySelector("[tabindex]"), readout = figure.querySelector("output");
    const dots = [...figure.querySelectorAll("circle")];
    if (!place || !readout || dots.length === 0) continue;
    /** @type {PageElement[]} The dots from the rarest class to the most frequent, whatever their colour. */
    const order = dots.toSorted((a, b) => Number(a.getAttribute("cx")) - Number(b.getAttribute("cx")));
    let at = -1;
    const choose = (/** @type {number} */ index) => {
      order[at]?.classList.remove("chosen");
      at = Math.max(0, Math.min(order.length - 1, index));
      order[at].classList.add("chosen");
      readout.textContent = order[at].querySelector("title")?.textContent ?? "";
      readout.className = "readout";
    };
    place.addEventListener("keydown", (event) => {
      const step = steps[event.key],
        end = event.key === "Home" ? 0 : event.key === "End" ? order.length - 1 : null;
      if (!step && end === null) return;
      event.preventDefault();
      choose(end ?? at + (step ? step[0] - step[1] : 0));
    });
    place.addEventListener("pointermove", ({ clientX, clientY }) => {
      let nearest = -1, least = reach;
      order.forEach((dot, i) => {
        const { left, top, width, height } = dot.getBoundingClientRect();
        const distance = Math.hypot(left + width / 2 - clientX, top + height / 2 - clientY);
        if (distance < least) [nearest, least] = [i, distance];
      });
      if (nearest >= 0 && nearest !== at) choose(nearest);
    });
  }
}

/** Serves confusion matrices, whose numbers stand in the figure's data. */
export function nameFields() {
  for (const figure of document.querySelectorAll("[data-cells]")) {
    const place = figure.querySelector("[tabindex]"), readout = figure.querySelector("output");
    const mark = figure.querySelector(".pointed");
    if (!place || !readout || !mark) continue;
    /** @type {string[]} */
    const names = JSON.parse(figure.dataset.names ?? "[]");
    /** @type {number[]} */
    const totals = JSON.parse(figure.dataset.totals ?? "[]");
    /** @type {[number, number, number][]} */
    const cells = JSON.parse(figure.dataset.cells ?? "[]");
    const size = names.length, counts = new Map(cells.map(([row, column, n]) => [row * size + column, n]));
    const within = (/** @type {number} */ value) => Math.max(0, Math.min(size - 1, value));
    let row = -1, column = -1;
    const choose = (/** @type {number} */ toRow, /** @type {number} */ toColumn) => {
      if (toRow === row && toColumn === column) return;
      [row, column] = [toRow, toColumn];
      mark.classList.remove("pointed");
      mark.setAttribute("x", String(column));
      mark.setAttribute("y", String(row));
      const what = row === column ? "recognised" : `taken for ${names[column]}`;
      readout.textContent = `${names[row]}, ${what}: ${counts.get(row * size + column) ?? 0} of ${
        totals[row]
      } images`;
      readout.className = "readout";
    };
    place.addEventListener("keydown", (event) => {
      const step = steps[event.key];
      if (!step) return;
      event.preventDefault();
      if (row < 0) choose(0, 0);
      else choose(within(row + step[1]), within(column + step[0]));
    });
    place.addEventListener("pointermove", ({ clientX, clientY }) => {
      const { left, top, width, height } = place.getBoundingClientRect();
      choose(
        within(Math.floor((clientY - top) / height * size)),
        within(Math.floor((clientX - left) / width * size)),
      );
    });
  }
}
