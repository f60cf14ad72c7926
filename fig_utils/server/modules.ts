// Lends the checkout's modules over HTTP, the way any plain file host would: TypeScript and WGSL as text/plain.
// It is what `./denow task serve` runs, and what the test of imports by URL stands on. Only module files are
// lent, and nothing below a folder whose name begins with a dot.
import { isLoopback } from "./loopback.ts";

const contentTypes: Record<string, string> = {
  ts: "text/plain; charset=utf-8",
  tsx: "text/plain; charset=utf-8",
  js: "text/plain; charset=utf-8",
  wgsl: "text/plain; charset=utf-8",
  json: "text/plain; charset=utf-8",
  wasm: "application/wasm",
};

/** A request handler that lends the module files below `root`, a file URL ending in a slash. */
export function serveModules(root: URL): (request: Request) => Promise<Response> {
  return async (request) => {
    const file = isLoopback(request) ? moduleFile(root, new URL(request.url).pathname) : null;
    if (!file) return notFound();
    if (request.method !== "GET" && request.method !== "HEAD") {
      return new Response("Only GET and HEAD\n", { status: 405, headers: { allow: "GET, HEAD" } });
    }
    try {
      const { readable } = await Deno.open(file.url);
      const headers = { "content-type": file.contentType, "x-content-type-options": "nosniff" };
      if (request.method === "GET") return new Response(readable, { headers });
      await readable.cancel();
      return new Response(null, { headers });
    } catch (error) {
      if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.IsADirectory) {
        return notFound();
      }
      throw error;
    }
  };
}

function moduleFile(root: URL, pathname: string): { url: URL; contentType: string } | null {
  // Names that are percent-encoded, hidden or empty are no module's.
  const names = pathname.slice(1).split("/");
  if (!names.every((name) => /^[A-Za-z0-9_-][A-Za-z0-9_.-]*$/.test(name))) return null;
  const contentType = contentTypes[/\.([a-z]+)$/.exec(pathname)?.[1] ?? ""];
  return contentType ? { url: new URL(`.${pathname}`, root), contentType } : null;
}

function notFound(): Response {
  return new Response("No such module\n", { status: 404 });
}
