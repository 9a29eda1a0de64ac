/** What the page does when its session is over: it asks its host, or goes where the client says. */
import type { Host } from "../host/host";
import { schemeOf } from "../ui/scheme";

/** Only http and https: the address comes from a client's settings and must not become script. */
export function reentryAddress(url: string | null): string | null {
  const scheme = url === null ? null : schemeOf(url);
  return scheme === "https:" || scheme === "http:" ? url : null;
}

/** A frame tells its host; a page of its own leaves for the re-entry address. */
export function announceEnd(clientId: string, reentryUrl: string | null, host: Host, location: Pick<Location, "assign">): void {
  if (host.framed) {
    host.tell({ type: "concierge:session-ended", client_id: clientId });
    return;
  }
  const address = reentryAddress(reentryUrl);
  if (address !== null) location.assign(address);
}
