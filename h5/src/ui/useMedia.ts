/** Media queries as state. */
import { useSyncExternalStore } from "react";

/** The width from which conversations stand beside the chat; the style sheets use the same. */
const WIDE = "(min-width: 860px)";
/** The width from which a document stands beside both without making the chat narrower than a phone. */
const ROOMY = "(min-width: 1160px)";

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
export const useRoomy = () => useMedia(ROOMY);
export const useStill = () => useMedia("(prefers-reduced-motion: reduce)");
/** Where a keyboard would cover half the screen, nothing takes the focus by itself. */
export const useTouch = () => useMedia("(pointer: coarse)");
