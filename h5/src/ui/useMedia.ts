/** Media queries as state. */
import { useSyncExternalStore } from "react";

/** The width from which conversations stand beside the chat; the style sheets use the same. */
const WIDE = "(min-width: 860px)";

function useMedia(query: string): boolean {
  return useSyncExternalStore(
    (listener) => {
      const list = matchMedia(query);
      list.addEventListener("change", listener);
      return () => list.removeEventListener("change", listener);
    },
    () => matchMedia(query).matches,
  );
}

export const useWide = () => useMedia(WIDE);
export const useDark = () => useMedia("(prefers-color-scheme: dark)");
export const useStill = () => useMedia("(prefers-reduced-motion: reduce)");
/** Where a keyboard would cover half the screen, nothing takes the focus by itself. */
export const useTouch = () => useMedia("(pointer: coarse)");
