/** Days as they are chosen: two fields of the browser's calendar. */
import type { Days } from "../api/money";

export const ANY_DAYS: Days = { from: "", to: "" };

/** Whether they are in the wrong order; an empty one is left to the server. */
export function backwards({ from, to }: Days): boolean {
  return from !== "" && to !== "" && from > to;
}
