/** Which panel lies over the chat. */
import { useCallback, useState } from "react";
import type { Citation } from "./api/types";

export type Panel = "sessions" | "knowledge" | "citation";

export interface PanelsState {
  shown: Panel | null;
  /** The panels shown so far: each is loaded when first wanted, and stays in order to close with grace. */
  seen: ReadonlySet<Panel>;
  citation: Citation | null;
  show: (panel: Panel) => void;
  cite: (citation: Citation) => void;
  close: () => void;
}

export function usePanels(): PanelsState {
  const [shown, setShown] = useState<Panel | null>(null);
  const [seen, setSeen] = useState<ReadonlySet<Panel>>(new Set());
  const [citation, setCitation] = useState<Citation | null>(null);
  const close = useCallback(() => setShown(null), []);
  const show = useCallback((panel: Panel) => {
    setShown(panel);
    setSeen((old) => (old.has(panel) ? old : new Set([...old, panel])));
  }, []);
  const cite = useCallback(
    (chosen: Citation) => {
      setCitation(chosen);
      show("citation");
    },
    [show],
  );
  return { shown, seen, citation, show, cite, close };
}
