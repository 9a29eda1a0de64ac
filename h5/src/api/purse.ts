/** Money: what is there, what can be bought for it, what was ordered. */
import type { Http } from "./http";
import { paged } from "./paging";
import { raw, said } from "./said";
import type { NewOrder, Whose } from "./types";

const at = (id: string) => ({ path: { id } });

export function purseApi(http: Http) {
  return {
    quotas: () => said(http.GET("/quotas")),
    wallet: (of: Whose) => said(http.GET("/wallet", { params: { query: { of } } })),
    statement: (of: Whose, cursor: string | null) =>
      said(http.GET("/wallet/statement", { params: { query: { of, ...paged(cursor) } } })),
    entitlements: () => said(http.GET("/entitlements")),
    lowNotices: () => said(http.GET("/notices", { params: { query: { kind: "low_balance", ...paged(null) } } })),
    plans: () => said(http.GET("/plans")),
    quotes: () => said(http.GET("/quotes")),
    /** With credits. Asked for twice by one key it is bought once. */
    purchase: (plan: string, key: string) =>
      said(http.POST("/plans/{plan}/purchase", { params: { path: { plan }, header: { "Idempotency-Key": key } } })),
    orders: (of: Whose, cursor: string | null) => said(http.GET("/orders", { params: { query: { of, ...paged(cursor) } } })),
    order: (id: string) => said(http.GET("/orders/{id}", { params: at(id) })),
    newOrder: (body: NewOrder, key: string) =>
      said(http.POST("/orders", { params: { header: { "Idempotency-Key": key } }, body })),
    cancelOrder: (id: string) => said(http.POST("/orders/{id}/cancel", { params: at(id) })),
    deposit: (id: string) => said(http.GET("/orders/{id}/deposit", { params: at(id) })),
    /** A page that prints. */
    receipt: (id: string, lang: "zh" | "en") =>
      raw(
        http.GET("/orders/{id}/receipt", {
          params: { ...at(id), query: { format: "html", lang } },
          headers: { accept: "text/html" },
          parseAs: "stream",
        }),
      ),
  };
}
