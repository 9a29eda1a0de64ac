/** What a site says about the chat in the attributes of its script element. Pure. */
import { type Lang, isLang, preferredLang } from "../i18n/lang";
import { type Look, isLook } from "../ui/looks";

export interface Options {
  /** The site's own address that gives a token for whoever is signed in there. */
  tokenUrl: string;
  lang: Lang;
  theme: Look;
  /** Null for the word of the language. */
  label: string | null;
  side: "left" | "right";
  color: string | null;
  /** Open as soon as the site is there. */
  open: boolean;
}

/** Longer ones do not fit the head of the panel. */
const LABEL_CHARS_MAX = 60;

export type Attributes = Readonly<Record<string, string | undefined>>;

/** `languages`: the site's own language first, then those of the browser. Null without a token address. */
export function optionsOf(given: Attributes, languages: readonly string[]): Options | null {
  const { tokenUrl, language, theme, label, side, color, open } = given;
  if (!tokenUrl) return null;
  return {
    tokenUrl,
    lang: isLang(language) ? language : preferredLang(languages),
    theme: isLook(theme) ? theme : "auto",
    label: label?.trim().slice(0, LABEL_CHARS_MAX) || null,
    side: side === "left" ? "left" : "right",
    color: color ?? null,
    open: open !== undefined && open !== "false",
  };
}

/** The address of the chat page, beside the script itself. */
export function pageAddress(script: string, { lang, theme }: Pick<Options, "lang" | "theme">): URL {
  const url = new URL("./", script);
  url.search = new URLSearchParams({ entry: "host", lang, theme }).toString();
  return url;
}

/** `{"token": "…"}`, `{"api_token": "…"}` or the token alone; null for anything else. */
export function tokenIn(body: string): string | null {
  const text = body.trim();
  if (!text.startsWith("{")) return /^[\w+/=.-]+$/.test(text) ? text : null;
  try {
    const { token, api_token } = JSON.parse(text) as Record<string, unknown>;
    const found = token ?? api_token;
    return typeof found === "string" && found !== "" ? found : null;
  } catch {
    return null;
  }
}
