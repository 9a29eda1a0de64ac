/** Answers that come in another order than they were asked for: what was asked for later counts. */
import { useState } from "react";

/** Called with each question; what it gives says whether that is still the latest. */
export function latest(): () => () => boolean {
  let count = 0;
  return () => {
    const mine = ++count;
    return () => mine === count;
  };
}

export const useLatest = () => useState(latest)[0];
