/** Spans in documents count Unicode code points; strings here count UTF-16 units. */

/** The index in `text` of its code point number `points`; the length of `text` when it has fewer. */
export function unitIndex(text: string, points: number): number {
  let index = 0;
  for (let passed = 0; passed < points && index < text.length; passed += 1) {
    // a code point beyond the basic plane takes two units
    index += text.codePointAt(index)! > 0xffff ? 2 : 1;
  }
  return index;
}

export interface Stretch {
  text: string;
  marked: boolean;
}

/** `text`, which begins at code point `offset` of its document, cut into what lies in `spans` and what lies between. */
export function stretches(
  text: string,
  offset: number,
  spans: readonly { start: number; end: number }[],
): Stretch[] {
  const parts: Stretch[] = [];
  const take = (until: number, marked: boolean) => {
    if (until <= from) return;
    const to = at + unitIndex(text.slice(at), until - from);
    if (to > at) parts.push({ text: text.slice(at, to), marked });
    at = to;
    from = until;
  };
  let at = 0;
  let from = offset;
  for (const { start, end } of [...spans].sort((a, b) => a.start - b.start)) {
    take(start, false);
    take(end, true);
  }
  if (at < text.length) parts.push({ text: text.slice(at), marked: false });
  return parts;
}

export function countPoints(text: string): number {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}
