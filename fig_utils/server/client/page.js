// @ts-check
// What the view's scripts use of the browser, in types of their own: the checker's library is that of Deno, which has
// no document.

/**
 * @typedef {object} PageEvent
 * @property {string} key
 * @property {number} clientX
 * @property {number} clientY
 * @property {string} data
 * @property {() => void} preventDefault
 *
 * @typedef {object} PageElement
 * @property {string | null} textContent
 * @property {string} innerHTML
 * @property {string} className
 * @property {boolean} checked
 * @property {Record<string, string | undefined>} dataset
 * @property {{ add(name: string): void, remove(name: string): void }} classList
 * @property {ArrayLike<PageElement>} children
 * @property {(selector: string) => PageElement | null} querySelector
 * @property {(selector: string) => Iterable<PageElement>} querySelectorAll
 * @property {(name: string, value: string) => void} setAttribute
 * @property {(name: string) => string | null} getAttribute
 * @property {(name: string, listener: (event: PageEvent) => void) => void} addEventListener
 * @property {() => { left: number, top: number, width: number, height: number }} getBoundingClientRect
 * @property {(...nodes: PageElement[]) => void} append
 * @property {(...nodes: PageElement[]) => void} replaceChildren
 * @property {(node: PageElement) => boolean} contains
 *
 * @typedef {PageElement & { hidden: boolean, activeElement: PageElement | null }} PageDocument
 * @typedef {object} PageEventSource
 * @property {(name: string, listener: (event: PageEvent) => void) => void} addEventListener
 * @property {() => void} close
 */

const scope = /** @type {any} */ (globalThis);

export const document = /** @type {PageDocument} */ (scope.document);

/** @type {string} */
export const address = scope.location.href;

/**
 * Opens a stream of server-sent events; the browser opens it again where it breaks.
 * @param {string} url
 * @returns {PageEventSource}
 */
export function openEvents(url) {
  return new scope.EventSource(url);
}

/**
 * Reads HTML without running or loading anything.
 * @param {string} text
 * @returns {PageElement}
 */
export function parsePage(text) {
  return new scope.DOMParser().parseFromString(text, "text/html");
}
