/** What is typed into a form, and what is wrong with it once somebody tried to send it. */
import { useState } from "react";

export type Faults<Draft> = Partial<Record<keyof Draft, string>>;

export interface Drafted<Draft> {
  draft: Draft;
  set: (part: Partial<Draft>) => void;
  /** Nothing before the first try: nobody is blamed for what they have not typed yet. */
  faults: Faults<Draft>;
  /** Goes on when nothing is wrong; else says what is. */
  tried: (send: () => void) => void;
}

export function useDraft<Draft extends object>(first: () => Draft, faultsOf: (draft: Draft) => Faults<Draft>): Drafted<Draft> {
  const [draft, setDraft] = useState(first);
  const [told, setTold] = useState(false);
  const faults = faultsOf(draft);
  return {
    draft,
    set: (part) => setDraft((old) => ({ ...old, ...part })),
    faults: told ? faults : {},
    tried: (send) => {
      setTold(true);
      if (Object.keys(faults).length === 0) send();
    },
  };
}
