/** Which addresses an answer may link to. */
import { schemeOf } from "../ui/scheme";

const ALLOWED: ReadonlySet<string> = new Set(["http:", "https:", "mailto:"]);

/** The address, or null for every other scheme and for relative ones: an answer must not lead around in this page. */
export function safeLink(url: string | undefined): string | null {
  const scheme = url === undefined ? null : schemeOf(url);
  return scheme !== null && ALLOWED.has(scheme) ? (url ?? null) : null;
}
