/** What the page and the site around it say to each other; docs/embed.md tells the same to partners. */
import { type Lang, isLang } from "../i18n/lang";
import { type Look, isLook } from "../ui/looks";

export type HostMessage =
  | { type: "concierge:theme"; theme: Look }
  | { type: "concierge:language"; language: Lang }
  | { type: "concierge:token"; token: string }
  | { type: "concierge:open-session"; session_id: string }
  | { type: "concierge:new-session" }
  | { type: "concierge:draft"; text: string }
  | { type: "concierge:focus" };

/** None of these holds a secret: until the page knows who is around it, anybody may hear them. */
export type PageMessage =
  /** The page listens; without a user it waits for a token. */
  | { type: "concierge:ready"; signed_in: boolean }
  | { type: "concierge:session-ended"; client_id: string }
  | { type: "concierge:token-refused" }
  /** Which conversation is shown; null for one that has not begun. */
  | { type: "concierge:session-opened"; session_id: string | null; title: string }
  /** An answer has ended; for a mark on a closed panel. */
  | { type: "concierge:answered"; session_id: string; state: "done" | "stopped" | "failed" }
  /** Escape where nothing was left to close. */
  | { type: "concierge:close" };

/** A v1 token has a few hundred characters; anything this long is none. */
const TOKEN_CHARS_MAX = 8_192;
/** The limit of a question, which is what a draft becomes. */
const DRAFT_CHARS_MAX = 8_000;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Null for what is malformed, unknown, or somebody else's: a host page's window carries many messages. */
export function hostMessage(data: unknown): HostMessage | null {
  if (typeof data !== "object" || data === null || !("type" in data)) return null;
  const { theme, language, token, session_id, text } = data as Record<string, unknown>;
  switch (data.type) {
    case "concierge:theme":
      return isLook(theme) ? { type: data.type, theme } : null;
    case "concierge:language":
      return isLang(language) ? { type: data.type, language } : null;
    case "concierge:token":
      return isText(token, TOKEN_CHARS_MAX) ? { type: data.type, token } : null;
    case "concierge:open-session":
      return isText(session_id, 36) && UUID.test(session_id) ? { type: data.type, session_id } : null;
    case "concierge:draft":
      return isText(text, DRAFT_CHARS_MAX) ? { type: data.type, text } : null;
    case "concierge:new-session":
    case "concierge:focus":
      return { type: data.type };
    default:
      return null;
  }
}

function isText(value: unknown, charsMax: number): value is string {
  return typeof value === "string" && value !== "" && value.length <= charsMax;
}
