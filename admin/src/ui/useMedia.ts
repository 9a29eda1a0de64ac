/** What the browser knows about its person and its network, as state. */
import { useSyncExternalStore } from "react";

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

/** The width from which the navigation stands beside the screens; the style sheets use the same. */
export const useWide = () => useMedia("(min-width: 900px)");
export const useSystemDark = () => useMedia("(prefers-color-scheme: dark)");
export const useStill = () => useMedia("(prefers-reduced-motion: reduce)");

export function useOnline(): boolean {
  return useSyncExternalStore(
    (listener) => {
      addEventListener("online", listener);
      addEventListener("offline", listener);
      return () => {
        removeEventListener("online", listener);
        removeEventListener("offline", listener);
      };
    },
    () => navigator.onLine,
  );
}
