/** Light or dark: as the device has it, unless a person or the site around the page wants otherwise. */
import { useSyncExternalStore } from "react";
import { isLook, type Look } from "./looks";

const KEY = "concierge.h5.look";
const DARK = "(prefers-color-scheme: dark)";

let chosen: Look = "auto";
const listeners = new Set<() => void>();

/** Before anything is drawn: what the address says, else what was chosen before. */
export function beginLook(given: string | null): void {
  chosen = isLook(given) ? given : kept();
  matchMedia(DARK).addEventListener("change", dress);
  dress();
}

/** `keep`: a person's choice outlives the visit, a host's does not. */
export function chooseLook(look: Look, keep: boolean): void {
  chosen = look;
  if (keep) keepLook(look);
  dress();
}

/** The bar of a phone's browser, as `styles/tokens.css` has the page. */
const BAR = { dark: "#15181a", light: "#ffffff" };

function dress(): void {
  const theme = isDark() ? "dark" : "light";
  document.documentElement.dataset.theme = theme;
  for (const bar of document.querySelectorAll("meta[name=theme-color]")) bar.setAttribute("content", BAR[theme]);
  for (const listener of listeners) listener();
}

function isDark(): boolean {
  return chosen === "auto" ? matchMedia(DARK).matches : chosen === "dark";
}

function kept(): Look {
  try {
    const look = localStorage.getItem(KEY);
    return isLook(look) ? look : "auto";
  } catch {
    // a frame that gets no storage asks the device
    return "auto";
  }
}

function keepLook(look: Look): void {
  try {
    localStorage.setItem(KEY, look);
  } catch {
    // then it holds for this visit
  }
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export const useDark = () => useSyncExternalStore(subscribe, isDark);
export const useLook = () => useSyncExternalStore(subscribe, () => chosen);
