// The scripts that the pages run in the browser: plain modules, sent as they stand beside this file, be that on a disk
// or at a URL.

const names = ["view.js", "live.js", "curve_chart.js", "readout.js", "list.js", "page.js"];

/** The text of a script, or null for a name that is none. Throws TypeError where the project's own file is not to be had. */
export async function clientScript(name: string): Promise<string | null> {
  if (!names.includes(name)) return null;
  const response = await fetch(new URL(`./client/${name}`, import.meta.url));
  if (!response.ok) throw new TypeError(`${response.url}: status ${response.status}`);
  return await response.text();
}
