/** The header Retry-After, by which a server says when it may be asked again. */

/** Milliseconds from `now` (of Date.now()); undefined where the header is absent or says nothing. */
export function retryAfterOf(header: string | undefined, now: number): number | undefined {
  const text = header?.trim() ?? "";
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000;
  // a date of HTTP names its weekday or month; Date.parse would take a lone number such as "-5" for a year
  const date = /[a-z]{3}/i.test(text) ? Date.parse(text) : NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
