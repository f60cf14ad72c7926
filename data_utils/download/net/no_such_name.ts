/** The one answer about a name that is worth remembering for long. */

/** There is no host of this name, or none with an address. */
export class NoSuchName extends Error {
  override name = "NoSuchName";
  constructor(readonly host: string) {
    super(`There is no host ${host}`);
  }
}
