// A line of progress of a soak test. `deno task soak` shows lines that begin in this way as they come, and other output
// only of what fails.

const began = performance.now();

/** Prints the text with the minutes since the start. */
export function progress(text: string): void {
  const minutes = ((performance.now() - began) / 60_000).toFixed(1);
  console.log(`soak: ${minutes} min, ${text}`);
}
