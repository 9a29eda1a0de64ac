/** The screen a route leads to, loaded when it is wanted. */
import { lazy, useEffect } from "react";
import { useI18n } from "../i18n";
import type { Texts } from "../i18n/en";
import type { Route } from "../route";
import { Later } from "../ui/Later";

const Overview = lazy(() => import("../overview/Overview"));
const Clients = lazy(() => import("../clients/Clients"));
const Client = lazy(() => import("../clients/Client"));
const TokenDebugger = lazy(() => import("../token/TokenDebugger"));
const Audit = lazy(() => import("../audit/Audit"));
const Operators = lazy(() => import("../operators/Operators"));
const Account = lazy(() => import("../account/Account"));

export function Screen({ route }: { route: Route }) {
  const { t } = useI18n();
  const title = titleOf(route, t);
  useEffect(() => {
    document.title = `${title} · Concierge`;
  }, [title]);
  // a screen that could not be loaded must not hide the next one
  return <Later key={route.screen}>{drawn(route)}</Later>;
}

function titleOf(route: Route, t: Texts): string {
  return route.screen === "client" ? `${route.id} · ${t.client.tabs[route.tab]}` : t.nav[route.screen];
}

function drawn(route: Route) {
  switch (route.screen) {
    case "overview":
      return <Overview />;
    case "clients":
      return <Clients />;
    case "client":
      return <Client key={route.id} id={route.id} tab={route.tab} part={route.part} />;
    case "token":
      return <TokenDebugger />;
    case "audit":
      return <Audit />;
    case "operators":
      return <Operators />;
    case "account":
      return <Account />;
  }
}
