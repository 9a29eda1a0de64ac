/** What the address said when the page was opened. */
import { type Lang, isLang } from "../i18n/lang";

export interface Entry {
  token: string | null;
  lang: Lang | null;
  /** Light or dark, as the link wants it. */
  theme: string | null;
  /** The site around the page hands the token over by a message: what was before is not taken up again. */
  byHost: boolean;
}

/** Takes the token out of the address, so that it stays in no history, bookmark or Referer. */
export function takeEntry(location: Pick<Location, "href">, history: Pick<History, "state" | "replaceState">): Entry {
  const url = new URL(location.href);
  const given = url.searchParams.get("api_token") || url.searchParams.get("token");
  const lang = url.searchParams.get("lang");
  if (url.searchParams.has("api_token") || url.searchParams.has("token")) {
    url.searchParams.delete("api_token");
    url.searchParams.delete("token");
    history.replaceState(history.state, "", url.pathname + url.search + url.hash);
  }
  return {
    // tokens are base64 and are often put into links unescaped; their "+" then reads as a space
    token: given ? given.replaceAll(" ", "+") : null,
    lang: isLang(lang) ? lang : null,
    theme: url.searchParams.get("theme"),
    byHost: url.searchParams.get("entry") === "host",
  };
}
