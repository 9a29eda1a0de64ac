/** The button in the corner and the panel it opens. Knows nothing of tokens. */
import type { Options } from "./options";
import { dress } from "./styles";
import type { Words } from "./words";

const SVG = "http://www.w3.org/2000/svg";
const BUBBLE = "M12 3c5 0 9 3.4 9 7.7s-4 7.7-9 7.7c-.9 0-1.8-.1-2.6-.3L4.5 20.5l1.3-3.7C4.100 15.300 3 13.100 3 10.700 3 6.400 7 3 12 3Z";
const CROSS = "M5 5l14 14M19 5L5 19";

export interface Panel {
  shown: () => boolean;
  show: (shown: boolean) => void;
  /** A mark on the closed launcher: an answer has come. */
  news: () => void;
  /** Puts the chat into the panel, in place of what was there. */
  fill: (content: HTMLElement | null) => void;
  speak: (words: Words, label: string | null) => void;
  theme: (dark: boolean) => void;
}

export function makePanel({ side, color }: Pick<Options, "side" | "color">, opened: (open: boolean) => void): Panel {
  const host = element("div", {});
  const root = host.attachShadow({ mode: "open" });
  dress(root);
  const title = element("h2", {});
  const close = element("button", { class: "close", type: "button" }, icon(CROSS));
  const body = element("div", { class: "frame" });
  const panel = element("section", { class: `panel ${side}`, role: "dialog", id: "panel", hidden: "" });
  const launcher = element("button", { class: `launcher ${side}`, type: "button", "aria-expanded": "false", "aria-controls": "panel" }, icon(BUBBLE));
  const head = element("header", { class: "head" }, title, close);
  panel.append(head, body);
  const box = element("div", {}, panel, launcher);
  root.append(box);
  // through the object model, which a content policy does not forbid as it does style attributes
  if (color !== null && CSS.supports("color", color)) host.style.setProperty("--color", color);
  document.body.append(host);

  let content: HTMLElement = body;
  let words: Words | null = null;
  const name = (text: string | undefined) => launcher.setAttribute("aria-label", text ?? "");
  const shown = () => !panel.hidden;
  const show = (open: boolean) => {
    if (open === shown()) return;
    panel.hidden = !open;
    box.classList.toggle("open", open);
    launcher.classList.remove("news");
    launcher.setAttribute("aria-expanded", String(open));
    launcher.replaceChildren(icon(open ? CROSS : BUBBLE));
    name(open ? words?.close : words?.open);
    opened(open);
    if (open) content.focus();
    else launcher.focus();
  };
  launcher.addEventListener("click", () => show(!shown()));
  close.addEventListener("click", () => show(false));
  root.addEventListener("keydown", (event) => (event as KeyboardEvent).key === "Escape" && show(false));
  return {
    shown,
    show,
    news: () => {
      if (shown()) return;
      launcher.classList.add("news");
      name(words?.news);
    },
    fill: (next) => {
      const filling = next ?? body;
      content.replaceWith(filling);
      content = filling;
    },
    speak: (said, label) => {
      words = said;
      title.textContent = label ?? said.title;
      panel.setAttribute("aria-label", label ?? said.title);
      close.setAttribute("aria-label", said.close);
      name(shown() ? said.close : said.open);
    },
    theme: (dark) => box.classList.toggle("dark", dark),
  };
}

/** What is shown instead of the chat when there is no token. */
export function note(text: string, label: string, act: () => void): HTMLElement {
  const again = element("button", { type: "button" });
  again.textContent = label;
  again.addEventListener("click", act);
  const words = element("p", {});
  words.textContent = text;
  return element("div", { class: "note", role: "alert", tabindex: "-1" }, words, again);
}

export function frame(src: string, title: string): HTMLIFrameElement {
  return element("iframe", { class: "frame", src, title, allow: "clipboard-write", referrerpolicy: "no-referrer" });
}

function element<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  attributes: Record<string, string>,
  ...children: Node[]
): HTMLElementTagNameMap[Name] {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

function icon(path: string): SVGSVGElement {
  const svg = document.createElementNS(SVG, "svg");
  const line = document.createElementNS(SVG, "path");
  for (const [key, value] of Object.entries({ viewBox: "0 0 24 24", fill: "none", stroke: "currentColor", "stroke-width": "2", "stroke-linecap": "round", "stroke-linejoin": "round", "aria-hidden": "true" })) svg.setAttribute(key, value);
  line.setAttribute("d", path);
  svg.append(line);
  return svg;
}
