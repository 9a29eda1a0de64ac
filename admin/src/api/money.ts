/** The endpoints on the money of clients, by their deeds. */
import { API_ROOT, type Http, told } from "./http";
import { paged, path, wanted } from "./queries";
import type * as T from "./types";

/** Days as the API writes them; an empty one is left to the server. */
export interface Days {
  from: string;
  to: string;
}

export function moneyApi(http: Http) {
  return {
    billing: (client: string) => told(http.GET("/clients/{client}/billing", path({ client }))),
    setBilling: (client: string, body: T.Billing) => told(http.PUT("/clients/{client}/billing", { ...path({ client }), body })),
    lowBalance: (client: string) => told(http.GET("/clients/{client}/low-balance", path({ client }))),
    setLowBalance: (client: string, credits: string | null) =>
      told(http.PUT("/clients/{client}/low-balance", { ...path({ client }), body: { credits } })),

    prices: (client: string, all: boolean) =>
      told(http.GET("/clients/{client}/prices", { params: { path: { client }, query: { all } } })),
    setPrice: (client: string, body: T.NewPrice) => told(http.POST("/clients/{client}/prices", { ...path({ client }), body })),

    plans: (client: string) => told(http.GET("/clients/{client}/plans", path({ client }))),
    offerPlan: (client: string, body: T.NewPlan) => told(http.POST("/clients/{client}/plans", { ...path({ client }), body })),
    changePlan: (client: string, plan: string, enabled: boolean) =>
      told(http.PATCH("/clients/{client}/plans/{plan}", { ...path({ client, plan }), body: { enabled } })),

    /** The client's own without a user. */
    wallet: (client: string, user: string) =>
      told(http.GET("/clients/{client}/wallet", { params: { path: { client }, query: wanted({ user }) } })),
    grant: (client: string, body: T.Gift) => told(http.POST("/clients/{client}/grants", { ...path({ client }), body })),
    usage: (client: string, days: Days) =>
      told(http.GET("/clients/{client}/usage", { params: { path: { client }, query: wanted({ ...days }) } })),

    orders: (client: string, state: T.OrderState | "", cursor: string | null) =>
      told(http.GET("/clients/{client}/orders", { params: { path: { client }, query: { ...paged(cursor), ...wanted({ state }) } } })),
    refund: (client: string, order: string, key: string, body: T.NewRefund) =>
      told(
        http.POST("/clients/{client}/orders/{order}/refund", {
          params: { path: { client, order }, header: { "Idempotency-Key": key } },
          body,
        }),
      ),

    subscriptions: (client: string, cursor: string | null) =>
      told(http.GET("/clients/{client}/subscriptions", { params: { path: { client }, query: paged(cursor) } })),
    subscribe: (client: string, body: T.NewSubscription) =>
      told(http.POST("/clients/{client}/subscriptions", { ...path({ client }), body })),
    endSubscription: (client: string, subscription: string) =>
      told(http.POST("/clients/{client}/subscriptions/{subscription}/end", path({ client, subscription }))),
    fees: (client: string, subscription: string, cursor: string | null) =>
      told(
        http.GET("/clients/{client}/subscriptions/{subscription}/fees", {
          params: { path: { client, subscription }, query: paged(cursor) },
        }),
      ),

    exceptions: (client: string, state: T.ExceptionState, cursor: string | null) =>
      told(http.GET("/clients/{client}/payment-exceptions", { params: { path: { client }, query: { ...paged(cursor), state } } })),
    resolveException: (client: string, exception: string, body: T.Resolution) =>
      told(http.POST("/clients/{client}/payment-exceptions/{exception}/resolve", { ...path({ client, exception }), body })),
    arrivals: (client: string, resolved: boolean, cursor: string | null) =>
      told(http.GET("/clients/{client}/chain-arrivals", { params: { path: { client }, query: { ...paged(cursor), resolved } } })),
    resolveArrival: (client: string, arrival: string, resolution: string) =>
      told(http.POST("/clients/{client}/chain-arrivals/{arrival}/resolve", { ...path({ client, arrival }), body: { resolution } })),
    chains: () => told(http.GET("/chains")),

    reconciliations: (client: string, cursor: string | null) =>
      told(http.GET("/clients/{client}/reconciliations", { params: { path: { client }, query: paged(cursor) } })),
    bookDays: (client: string, cursor: string | null) =>
      told(http.GET("/clients/{client}/book-days", { params: { path: { client }, query: paged(cursor) } })),
    bookLines: (client: string, days: Days, standing: T.Standing | "", cursor: string | null) =>
      told(
        http.GET("/clients/{client}/book-lines", {
          params: { path: { client }, query: { ...paged(cursor), ...wanted({ ...days }), ...wanted({ standing }) } },
        }),
      ),
    resolveLine: (client: string, line: string, note: string) =>
      told(http.POST("/clients/{client}/book-lines/{line}/resolve", { ...path({ client, line }), body: { note } })),
  };
}

/** Where the browser itself fetches the lines as a table. */
export function tableHref(client: string, days: Days): string {
  return `${API_ROOT}/clients/${encodeURIComponent(client)}/book-lines.csv?${new URLSearchParams(wanted({ ...days }))}`;
}
