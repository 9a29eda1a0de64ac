/** What the page does when its session is over: it asks its host, or goes where the client says. */
import { schemeOf } from "../ui/scheme";

export interface EndedMessage {
  type: "concierge:session-ended";
  client_id: string;
}

/** Only http and https: the address comes from a client's settings and must not become script. */
export function reentryAddress(url: string | null): string | null {
  const scheme = url === null ? null : schemeOf(url);
  return scheme === "https:" || scheme === "http:" ? url : null;
}

/** A frame tells its host; a page of its own leaves for the re-entry address. */
export function announceEnd(clientId: string, reentryUrl: string | null, page: Window): void {
  if (page.parent !== page) {
    const message: EndedMessage = { type: "concierge:session-ended", client_id: clientId };
    // any host may frame us and the message holds no secret
    page.parent.postMessage(message, "*");
    return;
  }
  const address = reentryAddress(reentryUrl);
  if (address !== null) page.location.assign(address);
}
