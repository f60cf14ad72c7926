/**
 * Kills a child if it has not ended. Deno throws when the child ended a moment ago, even where its `status` has not
 * told so yet: a test that kills at a random moment meets that about once in thirty runs.
 */
export function killIfAlive(child: Deno.ChildProcess): void {
  try {
    child.kill("SIGKILL");
  } catch (error) {
    if (!(error instanceof TypeError && error.message.includes("already terminated"))) throw error;
  }
}
