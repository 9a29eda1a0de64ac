/** What a citation in an answer's text leads to. Apart from `Markdown.tsx`, which is loaded later. */
import { createContext } from "react";

export interface Cited {
  /** The document behind each number that may be opened. */
  names: ReadonlyMap<number, string>;
  open: (n: number) => void;
}

export const CitedContext = createContext<Cited>({ names: new Map(), open: () => undefined });
