/** What a downloader calls itself: an honest name, so that publishers can tell it what not to take. */

/**
 * The User-Agent of beyond-tail. `contact` is an address of the web or of mail under which whoever runs it can be
 * reached. Throws RangeError for a contact that no header can hold.
 */
export function userAgentOf(version: string, contact?: string): string {
  const name = `beyond-tail/${version}`;
  if (contact === undefined || contact.trim() === "") return name;
  return checkedUserAgent(`${name} (+${contact.trim()})`);
}

/** The text itself. Throws RangeError when it is empty or no header can hold it. */
export function checkedUserAgent(text: string): string {
  if (!/^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/.test(text)) {
    throw new RangeError(`The user agent ${JSON.stringify(text)} needs letters of ASCII on one line`);
  }
  return text;
}
