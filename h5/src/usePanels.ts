/** Which panel lies over the chat. */
import { useCallback, useState } from "react";
import type { Source } from "./citation/sources";

export type Panel = "sessions" | "knowledge" | "citation" | "help" | "settings" | "purse";

export interface PanelsState {
  shown: Panel | null;
  /** The panels shown so far: each is loaded when first wanted, and stays in order to close with grace. */
  seen: ReadonlySet<Panel>;
  source: Source | null;
  show: (panel: Panel) => void;
  cite: (source: Source) => void;
  close: () => void;
}

export function usePanels(): PanelsState {
  const [shown, setShown] = useState<Panel | null>(null);
  const [seen, setSeen] = useState<ReadonlySet<Panel>>(new Set());
  const [source, setSource] = useState<Source | null>(null);
  const close = useCallback(() => setShown(null), []);
  const show = useCallback((panel: Panel) => {
    setShown(panel);
    setSeen((old) => (old.has(panel) ? old : new Set([...old, panel])));
  }, []);
  const cite = useCallback(
    (chosen: Source) => {
      setSource(chosen);
      show("citation");
    },
    [show],
  );
  return { shown, seen, source, show, cite, close };
}
