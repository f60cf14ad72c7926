// A connection of the fault server as functions that wait: node's sockets, since those of Deno cannot be reset.
import type { Buffer } from "node:buffer";
import type { Socket } from "node:net";

export interface Wire {
  /** What came, or null once the client is gone. */
  read(): Promise<Buffer | null>;
  /** Resolves when it is sent. Rejects when the client is gone. */
  write(bytes: Uint8Array): Promise<void>;
}

/** Takes over the reading of a socket. */
export function wireOf(socket: Socket): Wire {
  const parts = socket[Symbol.asyncIterator](), gone = Promise.withResolvers<never>();
  // rejections count where somebody waits for them
  gone.promise.catch(() => {});
  socket.on("error", () => {});
  socket.on("close", () => gone.reject(new Error("the client is gone")));
  return {
    async read() {
      const { done, value } = await parts.next();
      return done ? null : value;
    },
    async write(bytes) {
      const sent = new Promise<void>((resolve, reject) => {
        socket.write(bytes, (error) => error ? reject(error) : resolve());
      });
      await Promise.race([sent, gone.promise]);
    },
  };
}
