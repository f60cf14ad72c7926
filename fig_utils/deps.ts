// The external packages of fig_utils, each at the one version the project uses; every other file of the folder
// imports them from here, so that the folder also works when it is imported by URL.

export { Hono } from "npm:hono@4.13.19";
export type { Context, MiddlewareHandler } from "npm:hono@4.13.19";
export { html, raw } from "npm:hono@4.13.19/html";

/** Observable Plot draws, into the document of linkedom where there is no browser. */
export * as Plot from "npm:@observablehq/plot@0.6.17";
export { parseHTML } from "npm:linkedom@0.18.12";
