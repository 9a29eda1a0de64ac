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
  const anchor = useRef<Anchor | null>(null);
  const seen = useRef({ first: "", last: "" });
  const [away, setAway] = useState(false);

  const note = useCallback(() => {
    const element = ref.current;
    if (element === null) return;
    fromEnd.current = element.scrollHeight - element.scrollTop;
    const near = fromEnd.current - element.clientHeight < NEAR_PX;
    following.current = near;
    anchor.current = anchorOf(element);
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
    // one's own new question is always brought into view; another branch is read on from where one is
    else if (following.current || isNews(turns, before.last)) element.scrollTop = element.scrollHeight;
    seen.current = now;
  }, [turns]);

  useGrowth(ref, (rewrapped) => {
    const element = ref.current;
    if (element === null) return;
    if (following.current) element.scrollTop = element.scrollHeight;
    else if (rewrapped && anchor.current !== null) element.scrollTop += shiftOf(anchor.current, element);
    fromEnd.current = element.scrollHeight - element.scrollTop;
  });
  return { ref, away, onScroll: note, toLatest };
}

/** A question that was just asked: not one that was there in another branch. */
function isNews(turns: readonly Turn[], lastBefore: string): boolean {
  const last = turns.at(-1);
  return last !== undefined && last.id !== lastBefore && (lastBefore === "" || last.answer?.state === "waiting");
}

/** What stands at the top of the view, and which share of it is above. */
interface Anchor {
  part: Element;
  above: number;
}

function anchorOf(view: HTMLElement): Anchor | null {
  const { top } = view.getBoundingClientRect();
  for (const part of view.firstElementChild?.children ?? []) {
    const box = part.getBoundingClientRect();
    if (box.bottom > top) return { part, above: (top - box.top) / box.height };
  }
  return null;
}

/** How far the anchor has moved from where it was, in pixels. */
function shiftOf({ part, above }: Anchor, view: HTMLElement): number {
  const box = part.getBoundingClientRect();
  return box.top + above * box.height - view.getBoundingClientRect().top;
}

/** Text also grows without new turns: rich text arrives, the window narrows, the keyboard opens. */
function useGrowth(ref: RefObject<HTMLDivElement | null>, grown: (rewrapped: boolean) => void) {
  const latest = useRef(grown);
  latest.current = grown;
  useLayoutEffect(() => {
    const element = ref.current;
    const content = element?.firstElementChild;
    if (!element || !content) return;
    let width = element.clientWidth;
    const observer = new ResizeObserver(() => {
      latest.current(element.clientWidth !== width);
      width = element.clientWidth;
    });
    observer.observe(content);
    observer.observe(element);
    return () => observer.disconnect();
  }, [ref]);
}
