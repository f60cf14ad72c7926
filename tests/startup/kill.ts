/**
 * Kills a child, or sends it another signal, if it has not ended. Deno throws when the child ended a moment ago, even where its `status` has not
 * told so yet: a test that kills at a random moment meets that about once in thirty runs.
 */
export function killIfAlive(child: Deno.ChildProcess, signal: Deno.Signal = "SIGKILL"): void {
  try {
    child.kill(signal);
  } catch (error) {
    if (!(error instanceof TypeError && error.message.includes("already terminated"))) throw error;
  }
}
