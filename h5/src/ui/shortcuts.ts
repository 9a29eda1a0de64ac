/** Keys that work everywhere on the page. All with Alt: single letters would get in the way of speech input. */
import { useEffect, useRef } from "react";

export type Shortcut = "help" | "newChat" | "question" | "search" | "copy" | "stop" | "latest";

/** By the place of the key, so that they are the same on every keyboard layout (Alt+N is ˜ on a Mac). */
export const KEYS: Readonly<Record<Shortcut, { code: string; cap: string }>> = {
  help: { code: "Slash", cap: "/" },
  newChat: { code: "KeyN", cap: "N" },
  question: { code: "KeyI", cap: "I" },
  search: { code: "KeyK", cap: "K" },
  copy: { code: "KeyC", cap: "C" },
  stop: { code: "KeyS", cap: "S" },
  latest: { code: "KeyJ", cap: "J" },
};

export const SHORTCUTS = Object.keys(KEYS) as Shortcut[];

type Pressed = Pick<KeyboardEvent, "altKey" | "ctrlKey" | "metaKey" | "shiftKey" | "code" | "isComposing">;

/** Null for keys that are not ours; AltGr, which types characters, comes with Ctrl on Windows. */
export function shortcutOf(event: Pressed): Shortcut | null {
  if (!event.altKey || event.ctrlKey || event.metaKey || event.shiftKey || event.isComposing) return null;
  return SHORTCUTS.find((name) => KEYS[name].code === event.code) ?? null;
}

export type Acts = Partial<Record<Shortcut, () => void>>;

/** `leave` is for Escape where nothing in the page wants it. */
export function useShortcuts(acts: Acts, leave: () => void): void {
  const latest = useRef({ acts, leave });
  latest.current = { acts, leave };
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      // asked before a dialog hears it and closes: then that was what Escape was for
      if (event.key === "Escape" && !event.isComposing && event.keyCode !== 229 && !isOverlaid()) latest.current.leave();
      const name = shortcutOf(event);
      const act = name === null ? undefined : latest.current.acts[name];
      if (act === undefined) return;
      event.preventDefault();
      act();
    };
    addEventListener("keydown", press, { capture: true });
    return () => removeEventListener("keydown", press, { capture: true });
  }, []);
}

/** A dialog, a menu or a drawer lies over the page and closes itself. */
function isOverlaid(): boolean {
  const over = document.querySelectorAll(".ant-modal-wrap, .ant-dropdown, .ant-drawer-open, dialog[open]");
  return [...over].some((one) => one.checkVisibility?.() ?? true);
}
