/** The chat page in the panel: brought in when first wanted, given a token whenever it has none. */
import type { Lang } from "../i18n/lang";
import type { HostMessage, PageMessage } from "../host/messages";
import type { Look } from "../ui/looks";
import { type Options, pageAddress, tokenIn } from "./options";
import { frame, makePanel, note } from "./panel";
import { WORDS } from "./words";

/** A token that is refused again and again must not become a storm at the site's own server. */
const TOKENS_PER_MINUTE_MAX = 5;
/** Said before the page listens; more would be a mistake of the site. */
const UNSAID_MAX = 20;

export class Chat {
  private readonly panel;
  private page: HTMLIFrameElement | null = null;
  private listening = false;
  private unsaid: HostMessage[] = [];
  private fetched: number[] = [];

  constructor(
    private readonly script: string,
    private options: Options,
  ) {
    this.panel = makePanel(options, (open) => open && this.begin());
    this.panel.speak(WORDS[options.lang], options.label);
    this.dressed();
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.dressed());
    addEventListener("message", (event) => this.hear(event));
    if (options.open) this.show(true);
  }

  show(open: boolean): void {
    this.panel.show(open);
    if (open) this.say({ type: "concierge:focus" });
  }

  toggle(): void {
    this.show(!this.panel.shown());
  }

  say(message: HostMessage): void {
    const target = this.page?.contentWindow;
    if (target && this.listening) target.postMessage(message, new URL(this.script).origin);
    else this.unsaid = [...this.unsaid, message].slice(-UNSAID_MAX);
  }

  setLanguage(lang: Lang): void {
    this.options = { ...this.options, lang };
    this.panel.speak(WORDS[lang], this.options.label);
    this.say({ type: "concierge:language", language: lang });
  }

  setTheme(theme: Look): void {
    this.options = { ...this.options, theme };
    this.dressed();
    this.say({ type: "concierge:theme", theme });
  }

  /** Somebody else will sign in: nothing of this visit stays. */
  reset(): void {
    this.panel.show(false);
    this.panel.fill(null);
    this.page = null;
    this.listening = false;
    this.unsaid = [];
  }

  private begin(): void {
    if (this.page !== null) return;
    const { lang, label } = this.options;
    this.page = frame(pageAddress(this.script, this.options).href, label ?? WORDS[lang].title);
    this.panel.fill(this.page);
  }

  private hear({ source, origin, data }: MessageEvent): void {
    if (this.page === null || source !== this.page.contentWindow || origin !== new URL(this.script).origin) return;
    const message = data as PageMessage;
    switch (message.type) {
      case "concierge:ready":
        return this.ready(message.signed_in);
      case "concierge:session-ended":
      case "concierge:token-refused":
        return void this.renew();
      case "concierge:answered":
        return this.panel.news();
      case "concierge:close":
        return this.panel.show(false);
    }
  }

  private ready(signedIn: boolean): void {
    this.listening = true;
    for (const message of this.unsaid.splice(0)) this.say(message);
    if (!signedIn) void this.renew();
  }

  private async renew(): Promise<void> {
    const words = WORDS[this.options.lang];
    const page = this.page;
    const now = Date.now();
    this.fetched = this.fetched.filter((at) => now - at < 60_000);
    if (this.fetched.length >= TOKENS_PER_MINUTE_MAX) return this.fail(words.failed);
    this.fetched.push(now);
    try {
      const { status, token } = await fetchToken(this.options.tokenUrl);
      if (page !== this.page) return;
      if (token !== null) this.say({ type: "concierge:token", token });
      else this.fail(status === 401 || status === 403 ? words.stranger : words.failed);
    } catch {
      this.fail(words.failed);
    }
  }

  private fail(text: string): void {
    const again = () => {
      this.reset();
      this.show(true);
    };
    this.page = null;
    this.listening = false;
    const said = note(text, WORDS[this.options.lang].retry, again);
    this.panel.fill(said);
    if (this.panel.shown()) said.focus();
  }

  private dressed(): void {
    const { theme } = this.options;
    this.panel.theme(theme === "auto" ? matchMedia("(prefers-color-scheme: dark)").matches : theme === "dark");
  }
}

async function fetchToken(url: string): Promise<{ status: number; token: string | null }> {
  // POST: a token must neither be cached nor be had by a link
  const response = await fetch(url, { method: "POST", credentials: "same-origin", headers: { accept: "application/json" } });
  return { status: response.status, token: response.ok ? tokenIn(await response.text()) : null };
}
