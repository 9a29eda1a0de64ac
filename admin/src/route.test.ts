import { describe, expect, it } from "vitest";
import { hrefOf, routeOf, type Route } from "./route";

describe("the address", () => {
  const routes: Route[] = [
    { screen: "overview" },
    { screen: "clients" },
    { screen: "client", id: "0", tab: "settings" },
    { screen: "client", id: "a_b-C", tab: "api-keys" },
    { screen: "client", id: "a/b", tab: "money", part: "orders" },
    { screen: "token" },
    { screen: "audit" },
    { screen: "operators" },
    { screen: "account" },
  ];
  it.each(routes)("leads back to %j", (route) => {
    expect(routeOf(hrefOf(route))).toEqual(route);
  });

  it("that is unknown, cut or empty leads somewhere", () => {
    for (const fragment of ["", "#", "#/", "#/nowhere", "#code=x"]) {
      expect(routeOf(fragment), fragment).toEqual({ screen: "overview" });
    }
    expect(routeOf("#/clients/")).toEqual({ screen: "clients" });
    expect(routeOf("#/clients/x/nothing")).toEqual({ screen: "client", id: "x", tab: "settings" });
    for (const part of ["money", "money/", "money/nothing"]) {
      expect(routeOf(`#/clients/x/${part}`)).toEqual({ screen: "client", id: "x", tab: "money", part: "billing" });
    }
    expect(routeOf("#/clients/%E4%B")).toEqual({ screen: "client", id: "%E4%B", tab: "settings" });
  });
});
