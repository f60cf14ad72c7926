/** What processes cost, as Linux tells it in /proc; elsewhere nothing is known. */

/** The kernel counts in hundredths of a second, whatever its own clock (USER_HZ, proc(5)). */
const TICKS = 100;

/** Fields of /proc/PID/stat behind the name, which may hold spaces itself. */
async function statFields(pid: number | "self"): Promise<number[] | null> {
  const text = await Deno.readTextFile(`/proc/${pid}/stat`).catch(() => null);
  return text === null ? null : text.slice(text.lastIndexOf(")") + 2).split(" ").map(Number);
}

/** Seconds of CPU that a process has used with all its threads, or null. */
export async function cpuSeconds(pid: number): Promise<number | null> {
  const fields = await statFields(pid);
  return fields && (fields[11] + fields[12]) / TICKS;
}

/** Seconds of CPU that the children of this process used which have ended, or null. */
export async function endedChildrenSeconds(): Promise<number | null> {
  const fields = await statFields("self");
  return fields && (fields[13] + fields[14]) / TICKS;
}

/** Most bytes that a process had resident so far, or null. */
export async function peakBytes(pid: number): Promise<number | null> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`).catch(() => "");
  const kibibytes = /^VmHWM:\s*(\d+) kB$/m.exec(status)?.[1];
  return kibibytes === undefined ? null : Number(kibibytes) * 1024;
}
