/** One process at a time works in a count's folder; the system lets go of the lock however the process ends. */

/** Holds `path` for this process until disposed of. Throws Deno.errors.Busy, naming the other, while another does. */
export async function lockPath(path: string): Promise<Disposable> {
  const file = await Deno.open(path, { read: true, write: true, create: true });
  if (!await file.tryLock(true)) {
    file.close();
    const holder = (await Deno.readTextFile(path)).trim();
    throw new Deno.errors.Busy(
      `${path} is held by another count (process ${
        holder || "unknown"
      }): wait for it, or choose another --name or --out`,
    );
  }
  const [here, held] = [await Deno.stat(path).catch(() => null), await file.stat()];
  if (here?.ino !== held.ino) { // the other was done and took its file away
    file.close();
    return lockPath(path);
  }
  await file.truncate();
  await file.write(new TextEncoder().encode(`${Deno.pid}\n`));
  return { [Symbol.dispose]: () => file.close() };
}
