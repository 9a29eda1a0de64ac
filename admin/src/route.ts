/** Which screen is open: kept in the fragment of the address, so that a reload and a link lead back to it. */
import { useSyncExternalStore } from "react";

export const CLIENT_TABS = ["settings", "embed", "keys", "api-keys", "users", "documents", "money"] as const;
export type ClientTab = (typeof CLIENT_TABS)[number];

export const MONEY_PARTS = ["billing", "prices", "plans", "credits", "usage", "orders", "subscriptions", "waiting", "books"] as const;
export type MoneyPart = (typeof MONEY_PARTS)[number];

export type Route =
  | { screen: "overview" }
  | { screen: "clients" }
  | { screen: "client"; id: string; tab: ClientTab; part?: MoneyPart }
  | { screen: "token" }
  | { screen: "audit" }
  | { screen: "operators" }
  | { screen: "account" };

const PLAIN = ["clients", "token", "audit", "operators", "account"] as const;

/** Anything unknown is the overview: an old link should lead somewhere. */
export function routeOf(fragment: string): Route {
  const [first = "", id = "", tab = "", part = ""] = fragment.replace(/^#\/?/, "").split("/").map(decoded);
  if (first === "clients" && id !== "") {
    if (tab === "money") return { screen: "client", id, tab, part: MONEY_PARTS.find((known) => known === part) ?? "billing" };
    return { screen: "client", id, tab: CLIENT_TABS.find((known) => known === tab) ?? "settings" };
  }
  const screen = PLAIN.find((known) => known === first);
  return screen === undefined ? { screen: "overview" } : { screen };
}

export function hrefOf(route: Route): string {
  switch (route.screen) {
    case "overview":
      return "#/";
    case "client":
      return `#/clients/${encodeURIComponent(route.id)}/${route.tab}${route.part ? `/${route.part}` : ""}`;
    default:
      return `#/${route.screen}`;
  }
}

export function go(route: Route): void {
  location.hash = hrefOf(route);
}

export function useRoute(): Route {
  const fragment = useSyncExternalStore(
    (listener) => {
      addEventListener("hashchange", listener);
      return () => removeEventListener("hashchange", listener);
    },
    () => location.hash,
  );
  return routeOf(fragment);
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    // half an escape in a link somebody cut
    return part;
  }
}
