/** The one-time code of a link: it is in the fragment, which browsers never send, and leaves it at once. */

/** Takes the code out of the address; null when there is none. */
export function takeCode(location: Location, history: History): string | null {
  const code = codeIn(location.hash);
  if (code !== null) history.replaceState(null, "", location.pathname + location.search);
  return code;
}

export function codeIn(fragment: string): string | null {
  if (fragment.startsWith("#/")) return null;
  const code = new URLSearchParams(fragment.replace(/^#/, "")).get("code");
  return code === null || code === "" ? null : code;
}
