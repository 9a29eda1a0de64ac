/** What is seen to be wrong before it is sent. The server has the last word. */

/** Whether this cannot be the id of a client; an empty one is made by the server. */
export function idFault(id: string): boolean {
  return !/^[A-Za-z0-9_-]{0,32}$/.test(id);
}

/** The lines that say something. */
export function linesOf(text: string): string[] {
  return text.split("\n").map((line) => line.trim()).filter((line) => line !== "");
}

/** The first line that is no origin: scheme, host, port, and nothing else. */
export function wrongOrigin(lines: readonly string[]): string | null {
  return lines.find((line) => !isOrigin(line)) ?? null;
}

function isOrigin(line: string): boolean {
  try {
    const url = new URL(line);
    return (url.protocol === "https:" || url.protocol === "http:") && url.origin === line.toLowerCase();
  } catch {
    return false;
  }
}

export function isAddress(text: string): boolean {
  try {
    return ["https:", "http:"].includes(new URL(text).protocol);
  } catch {
    return false;
  }
}

/** A limit as it is typed: null for none, undefined for what is no limit. */
export function limitOf(text: string): number | null | undefined {
  if (text.trim() === "") return null;
  return /^[1-9]\d{0,8}$/.test(text.trim()) ? Number(text) : undefined;
}

export const OVERLAP_HOURS_MAX = 8760;

/** Hours of overlap as they are typed; null for what is none. */
export function overlapOf(text: string): number | null {
  if (!/^\d{1,4}$/.test(text.trim())) return null;
  const hours = Number(text);
  return hours <= OVERLAP_HOURS_MAX ? hours : null;
}
