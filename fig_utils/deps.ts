// The external packages of fig_utils, each at the one version the project uses; every other file of the folder
// imports them from here, so that the folder also works when it is imported by URL.

export { Hono } from "npm:hono@4.13.19";
export type { MiddlewareHandler } from "npm:hono@4.13.19";
export { html } from "npm:hono@4.13.19/html";
