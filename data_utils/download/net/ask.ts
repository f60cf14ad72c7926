/** One request and the head of its answer; what the body is made of comes later. */
import type { IncomingMessage } from "node:http";
import type { Connections, RequestWish } from "./connections.ts";
import { failure, failureOfError } from "./fetch_failure.ts";
import type { Patience } from "./patience.ts";

/** An answer whose head has arrived. Its body stands still until somebody reads or discards it. */
export interface Answer {
  readonly response: IncomingMessage;
  /** The error with which the connection broke since, if it did. */
  broken(): Error | null;
}

export interface AskSettings {
  readonly firstByteTimeout: number;
  /** Whether the address that was really connected to is one that may be. */
  isAllowed(address: string): boolean;
}

/** A connection that was kept and turns out to be closed by now, before anything was answered. */
class Stale extends Error {}

const staleCodes = new Set(["ECONNRESET", "EPIPE", "ECONNABORTED"]);

/**
 * Asks and waits for the head. A kept connection that the server has closed meanwhile is no failure: Deno asks again on
 * another one, and where that is closed too, a new one is opened here. Throws FetchFailure.
 */
export async function ask(
  wish: Omit<RequestWish, "fresh">,
  connections: Connections,
  patience: Patience,
  settings: AskSettings,
): Promise<Answer> {
  try {
    return await askOnce({ ...wish, fresh: false }, connections, patience, settings);
  } catch (error) {
    if (!(error instanceof Stale)) throw error;
  }
  patience.limit("connect_timeout", patience.now() + wish.connectTimeout);
  return askOnce({ ...wish, fresh: true }, connections, patience, settings);
}

function askOnce(wish: RequestWish, connections: Connections, patience: Patience, settings: AskSettings) {
  return patience.wait<Answer>((done, fail) => {
    const request = connections.request(wish);
    let broken: Error | null = null, answered = false;
    const connected = () => patience.limit("first_byte_timeout", patience.now() + settings.firstByteTimeout);
    let sockets = 0;
    // comes again where Deno finds a kept connection closed, and tries another one by itself
    request.on("socket", (socket) => {
      sockets++;
      if (request.reusedSocket) return connected();
      if (sockets > 1) patience.limit("connect_timeout", patience.now() + wish.connectTimeout);
      socket.once("connect", () => {
        const address = socket.remoteAddress;
        if (address === undefined || settings.isAllowed(address)) return;
        fail(failure("private_address", `${address} is no public address`));
        request.destroy();
      });
      socket.once(wish.url.protocol === "https:" ? "secureConnect" : "connect", connected);
    });
    request.once("response", (response) => {
      // else an answer that breaks before it is read would be an error that nobody handles
      response.on("error", () => {});
      patience.unlimit();
      answered = true;
      done({ response, broken: () => broken });
    });
    // stays for as long as the request lives: a connection may break after all was received
    request.on("error", (error: Error & { code?: string }) => {
      broken ??= error;
      if (answered) return;
      const stale = request.reusedSocket && staleCodes.has(error.code ?? "");
      fail(stale ? new Stale(error.message) : failureOfError(error));
    });
    request.once("upgrade", (_response, socket) => {
      socket.destroy();
      fail(failure("protocol", "The server changed to another protocol unasked"));
    });
    request.once("close", () => {
      if (!answered && !broken) fail(failure("reset", "The connection ended without an answer"));
    });
    request.end();
    return () => request.destroy();
  });
}
