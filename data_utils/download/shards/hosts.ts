/** Hosts as the statistics tell them apart. */

/** Host of a URL with its port where that is not the usual one; "" of what is no URL. */
export const hostOf = (url: string): string => URL.parse(url)?.host ?? "";
