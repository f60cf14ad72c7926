// From what a request names to a folder that may be read: one below the view's own, by its real place on the disk.

/**
 * The folder that a relative path names, itself relative to `root` ("." for the root), or null for a path that is not
 * plain, leads to no folder, or out of the root, be it through a link.
 */
export async function folderBelow(root: string, path: string): Promise<string | null> {
  const names = path === "" || path === "." ? [] : path.split("/");
  if (!names.every(isPlain)) return null;
  try {
    const [top, place] = await Promise.all([Deno.realPath(root), Deno.realPath([root, ...names].join("/"))]);
    const inside = place === top || place.startsWith(/[/\\]$/.test(top) ? top : top + separator);
    return inside && (await Deno.stat(place)).isDirectory ? names.join("/") || "." : null;
  } catch (error) {
    if (unreachable.some((kind) => error instanceof kind)) return null;
    throw error;
  }
}

/** The path in a URL, undone from its encoding; null where that is malformed. */
export function decodedPath(encoded: string): string | null {
  try {
    return encoded.split("/").map((name) => {
      const decoded = decodeURIComponent(name);
      if (decoded.includes("/")) throw new URIError("A slash within a name");
      return decoded;
    }).join("/");
  } catch (error) {
    if (error instanceof URIError) return null;
    throw error;
  }
}

/** A folder's path as part of a URL. */
export function encodedPath(dir: string): string {
  return dir === "." ? "" : dir.split("/").map(encodeURIComponent).join("/");
}

const separator = Deno.build.os === "windows" ? "\\" : "/";
const unreachable = [
  ...[Deno.errors.NotFound, Deno.errors.NotADirectory, Deno.errors.PermissionDenied],
  ...[Deno.errors.FilesystemLoop, Deno.errors.InvalidData],
];

/** No way up or into hidden folders, no other separator, and nothing that a file system takes for the end of a name. */
function isPlain(name: string): boolean {
  return name !== "" && name.length <= 255 && !name.startsWith(".") && !/[\\\p{Cc}]/u.test(name);
}
