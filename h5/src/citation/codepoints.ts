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

/** `text` before, inside and after the code points `start..end`. */
export function splitAtPoints(text: string, start: number, end: number): [string, string, string] {
  const from = unitIndex(text, Math.max(0, start));
  const to = from + unitIndex(text.slice(from), Math.max(0, end - Math.max(0, start)));
  return [text.slice(0, from), text.slice(from, to), text.slice(to)];
}

export function countPoints(text: string): number {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}
