/** Where in the transcript the reader is, and how that survives growing text above and below. */
import { type RefObject, useCallback, useLayoutEffect, useRef, useState } from "react";
import type { Turn } from "./turns";

/** So near the end counts as reading along. */
const NEAR_PX = 80;

export function useReadingPlace(turns: readonly Turn[]) {
  const ref = useRef<HTMLDivElement>(null);
  const following = useRef(true);
  /** How far the top of the view is from the end of the text; growth above does not change it. */
  const fromEnd = useRef(0);
  const seen = useRef({ first: "", last: "" });
  const [away, setAway] = useState(false);

  const note = useCallback(() => {
    const element = ref.current;
    if (element === null) return;
    fromEnd.current = element.scrollHeight - element.scrollTop;
    const near = fromEnd.current - element.clientHeight < NEAR_PX;
    following.current = near;
    setAway(!near);
  }, []);

  const toLatest = useCallback(() => {
    if (ref.current !== null) ref.current.scrollTop = ref.current.scrollHeight;
  }, []);

  useLayoutEffect(() => {
    const element = ref.current;
    if (element === null) return;
    const now = { first: turns[0]?.id ?? "", last: turns.at(-1)?.id ?? "" };
    const before = seen.current;
    const olderCame = before.first !== "" && now.first !== before.first && now.last === before.last;
    if (olderCame) element.scrollTop = element.scrollHeight - fromEnd.current;
    // one's own new question is always brought into view
    else if (following.current || now.last !== before.last) element.scrollTop = element.scrollHeight;
    seen.current = now;
  }, [turns]);

  useGrowth(ref, () => {
    const element = ref.current;
    if (element === null) return;
    if (following.current) element.scrollTop = element.scrollHeight;
    fromEnd.current = element.scrollHeight - element.scrollTop;
  });
  return { ref, away, onScroll: note, toLatest };
}

/** Text also grows without new turns: rich text arrives, the window narrows, the keyboard opens. */
function useGrowth(ref: RefObject<HTMLDivElement | null>, grown: () => void) {
  const latest = useRef(grown);
  latest.current = grown;
  useLayoutEffect(() => {
    const element = ref.current;
    const content = element?.firstElementChild;
    if (!element || !content) return;
    const observer = new ResizeObserver(() => latest.current());
    observer.observe(content);
    observer.observe(element);
    return () => observer.disconnect();
  }, [ref]);
}
