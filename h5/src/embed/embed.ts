/**
 * The one line for another site:
 *   <script src="https://chat.example/h5/embed.js" data-token-url="/my/token" async></script>
 * A button in the corner, and the chat behind it. docs/embed.md tells it all.
 */
import type { Lang } from "../i18n/lang";
import type { Look } from "../ui/looks";
import { Chat } from "./chat";
import { optionsOf } from "./options";

/** What the site's own scripts may do, as `window.Concierge`. */
export interface Concierge {
  open: () => void;
  close: () => void;
  toggle: () => void;
  openSession: (sessionId: string) => void;
  newSession: () => void;
  /** Puts words into the field, for the person to send. */
  draft: (text: string) => void;
  setLanguage: (language: Lang) => void;
  setTheme: (theme: Look) => void;
  /** Call it when the person signs out of the site. */
  reset: () => void;
}

declare global {
  interface Window {
    Concierge?: Concierge;
  }
}

// only while the script runs does the browser say which element it is
const script = document.currentScript as HTMLScriptElement | null;

function begin(): void {
  if (script === null || window.Concierge !== undefined) return;
  const options = optionsOf(script.dataset, [document.documentElement.lang, ...navigator.languages]);
  if (options === null) {
    console.error("Concierge: give the script a data-token-url, an address of yours that answers with a token");
    return;
  }
  const chat = new Chat(script.src, options);
  const shown = (act: () => void) => {
    act();
    chat.show(true);
  };
  window.Concierge = {
    open: () => chat.show(true),
    close: () => chat.show(false),
    toggle: () => chat.toggle(),
    openSession: (session_id) => shown(() => chat.say({ type: "concierge:open-session", session_id })),
    newSession: () => shown(() => chat.say({ type: "concierge:new-session" })),
    draft: (text) => shown(() => chat.say({ type: "concierge:draft", text })),
    setLanguage: (language) => chat.setLanguage(language),
    setTheme: (theme) => chat.setTheme(theme),
    reset: () => chat.reset(),
  };
}

if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", begin);
else begin();
