/**
 * Progress on standard error: one line that is written over on a terminal, and a line now and then elsewhere.
 */

/** Seconds as 0:07, 12:30 or 1:02:03. */
export function clockTime(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const shown = parts[0] > 0 ? parts : parts.slice(1);
  return shown.map((n, i) => i === 0 ? String(n) : String(n).padStart(2, "0")).join(":");
}

/** A place to show how far things are. */
export interface Progress {
  /** Shows a state; on a terminal it replaces the one before, elsewhere it may be left out. */
  show(text: string): void;
  /** Prints a line that stays. */
  note(text: string): void;
  /** Ends the line that is being written over. */
  end(): void;
}

interface Out {
  isTerminal(): boolean;
  writeSync(bytes: Uint8Array): number;
}

/** Progress on standard error; away from a terminal a state is shown every `every` milliseconds at most. */
export function progressOn(out: Out = Deno.stderr, every = 10_000): Progress {
  const terminal = out.isTerminal(),
    write = (text: string) => void out.writeSync(new TextEncoder().encode(text));
  let shown = "", last = -Infinity;
  const clear = () => {
    if (shown !== "") write("\r" + " ".repeat(shown.length) + "\r");
    shown = "";
  };
  const columns = () => {
    try {
      return Deno.consoleSize().columns;
    } catch {
      return 80;
    }
  };
  return {
    show(text) {
      if (!terminal) {
        if (performance.now() - last < every) return;
        last = performance.now();
        return write(text + "\n");
      }
      const line = text.slice(0, columns() - 1);
      write("\r" + line.padEnd(shown.length));
      shown = line;
    },
    note(text) {
      clear();
      write(text + "\n");
    },
    end: clear,
  };
}
