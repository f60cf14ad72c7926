// @ts-check
// Keeps the list of runs up to date while one of them trains. The boxes that were ticked stay, and so does the focus.
import { address, document, parsePage } from "./page.js";

/** Milliseconds between looks. */
const every = 3000;

/** Asks again for the list now and then, while it is seen. */
export function refreshList() {
  if (document.querySelector("#runs")?.dataset.refresh === "yes") setTimeout(look, every);
}

async function look() {
  try {
    if (!document.hidden) {
      const response = await fetch(address);
      if (response.ok) update(parsePage(await response.text()));
    }
  } catch {
    // The view was ended; it may come back.
  }
  refreshList();
}

/** @param {import("./page.js").PageElement} page */
function update(page) {
  const body = document.querySelector("#runs tbody"), fresh = page.querySelector("#runs");
  if (!body || !fresh) return;
  document.querySelector("#runs")?.setAttribute("data-refresh", fresh.dataset.refresh ?? "no");
  const rows = new Map([...body.querySelectorAll("tr")].map((row) => [row.dataset.run, row]));
  const now = [...fresh.querySelectorAll("tbody tr")].map((row) => {
    const old = rows.get(row.dataset.run);
    if (!old) return row;
    Array.from(row.children).forEach((cell, i) => {
      const shown = old.children[i];
      const same = shown.innerHTML === cell.innerHTML && shown.className === cell.className;
      if (
        same || shown.querySelector("input") || shown.contains(/** @type {any} */ (document.activeElement))
      ) return;
      shown.innerHTML = cell.innerHTML;
      shown.className = cell.className;
    });
    return old;
  });
  const moved = now.length !== body.children.length || now.some((row, i) => row !== body.children[i]);
  if (!moved) return;
  const focused = /** @type {any} */ (document.activeElement);
  body.replaceChildren(...now);
  focused?.focus?.();
}
