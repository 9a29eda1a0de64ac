/** How paths and queries of requests are put. */

/** Rows asked for at once. */
const PAGE_ROWS = 30;

export const path = <Path extends object>(names: Path) => ({ params: { path: names } });

/** The part of a query that says where a page begins. */
export function paged(cursor: string | null) {
  return { limit: PAGE_ROWS, ...(cursor === null ? {} : { cursor }) };
}

/** Nothing is asked for by an empty field. */
export function wanted<Text extends string, Key extends string>(texts: Record<Key, Text | "">): Partial<Record<Key, Text>> {
  return Object.fromEntries(Object.entries(texts).filter(([, text]) => text !== "")) as Partial<Record<Key, Text>>;
}
