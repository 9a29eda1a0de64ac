/** Gives the focus back to what opened a dialog, for those who work with a keyboard. */
import { useEffect, useState } from "react";

const DIALOG = "[role=dialog]";

/** What opened the first of dialogs that follow each other. */
let opener: Element | null = null;

export function useReturnFocus(): void {
  useState(() => {
    const active = document.activeElement;
    if (active !== null && active.closest(DIALOG) === null) opener = active;
    return null;
  });
  useEffect(
    () => () => {
      // the next dialog, if one follows, has drawn itself by then
      requestAnimationFrame(() => {
        if (document.querySelector(DIALOG) !== null) return;
        const back = opener?.isConnected ? opener : document.querySelector("main");
        if (back instanceof HTMLElement) back.focus();
      });
    },
    [],
  );
}
