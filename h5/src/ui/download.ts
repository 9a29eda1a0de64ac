/** Hands a file to the person. */

/** The address of a file made here is kept until the browser has surely taken it. */
const KEPT_MS = 60_000;

/** Saves what the server sent as an attachment, by the name the server gave it. */
export async function download(response: Response, fallback: string): Promise<void> {
  const url = URL.createObjectURL(await response.blob());
  const link = document.createElement("a");
  link.href = url;
  link.download = nameIn(response.headers.get("content-disposition")) ?? fallback;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), KEPT_MS);
}

/** Out of a `Content-Disposition`: the extended name where there is one, else the plain one. */
export function nameIn(disposition: string | null): string | null {
  if (disposition === null) return null;
  const extended = /filename\*=UTF-8''([^;]+)/i.exec(disposition)?.[1];
  if (extended !== undefined) {
    try {
      return decodeURIComponent(extended);
    } catch {
      // then the plain one has to do
    }
  }
  return /filename="([^"]+)"/i.exec(disposition)?.[1] ?? /filename=([^;"\s]+)/i.exec(disposition)?.[1] ?? null;
}
