/** The names of the looks. Apart from `look.ts`: the script other sites load needs no more than these. */

export type Look = "auto" | "light" | "dark";

export const LOOKS: readonly Look[] = ["auto", "light", "dark"];

export function isLook(value: unknown): value is Look {
  return LOOKS.includes(value as Look);
}
