/** What kind of address an address is. */

/** With its colon, as the browser itself would read it; null for relative and broken addresses. */
export function schemeOf(url: string): string | null {
  try {
    // not URL.canParse: the browsers inside some apps are older than that
    return new URL(url).protocol;
  } catch {
    return null;
  }
}
