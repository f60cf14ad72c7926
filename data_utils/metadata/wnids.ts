/** WordNet ids of the 1000 ImageNet classes, and the one that stands for another. */

/**
 * Ids under which other data sets list a class of ImageNet. The Siberian husky is n02110185 in ImageNet and n02112837
 * in WordNet 3.0's order of Eskimo dogs, the id that LAIONet's files use.
 */
const OTHER_IDS: ReadonlyMap<string, string> = new Map([["n02112837", "n02110185"]]);

/** Whether a text has the form of a noun's id: n and eight digits. */
export const isWnid = (text: string): boolean => /^n\d{8}$/.test(text);

/** The id that ImageNet uses for a class: n02112837 becomes n02110185, all others stay. */
export const imagenetWnid = (wnid: string): string => OTHER_IDS.get(wnid) ?? wnid;
