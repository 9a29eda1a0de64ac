// A double of Stripe: pages where orders are paid, payments and refunds in memory, and events that are signed as its are.
import assert from "node:assert/strict";
import { createHmac, randomUUID } from "node:crypto";
import http from "node:http";
import { baseUrl } from "./stage.mjs";

const SECOND = () => Math.floor(Date.now() / 1000);

/** Listens where the server under test was told that Stripe is. */
export async function stripe() {
  const base = process.env.CONCIERGE__STRIPE__API_BASE;
  const secret = process.env.CONCIERGE__STRIPE__WEBHOOK_SECRET;
  assert.ok(base && secret, "CONCIERGE__STRIPE__API_BASE and its WEBHOOK_SECRET are not set: where the double is to be");
  const objects = new Map();
  let made = 0;
  const put = (object) => objects.set(object.id, object).get(object.id);
  const id = (prefix) => `${prefix}${String((made += 1)).padStart(8, "0")}`;
  const server = http.createServer(async (request, response) => {
    const url = new URL(request.url, base);
    let body = "";
    for await (const part of request) body += part;
    const page = url.pathname.startsWith("/v1/") ? undefined : await shown(request.method, url.pathname);
    const answer = page ?? (request.method === "POST" ? write(url.pathname, new URLSearchParams(body)) : read(url));
    response.writeHead(answer ? 200 : 404, { "content-type": page ? "text/html" : "application/json" });
    response.end(page ?? JSON.stringify(answer ?? { error: { type: "invalid_request_error", message: "No such thing" } }));
  });
  await new Promise((listening) => server.listen(Number(new URL(base).port), "127.0.0.1", listening));

  /** The page of a session, and what it says once its button was pressed. */
  async function shown(method, path) {
    const session = objects.get(path.split("/")[1]);
    if (!session) return "<!doctype html><title>none</title><p>There is no such page.";
    if (method === "GET")
      return `<!doctype html><title>checkout</title><link rel="icon" href="data:,"><form method="post" action="/${session.id}/pay"><button>Pay</button></form>`;
    const { id: payment_intent } = intent(session, session.amount_total, SECOND());
    Object.assign(session, { status: "complete", payment_status: "paid", payment_intent });
    await tell("checkout.session.completed", session);
    return "<!doctype html><title>paid</title><p>Paid, and the shop knows.";
  }

  function write(path, form) {
    if (path === "/v1/refunds") {
      const [amount, payment] = [Number(form.get("amount")), form.get("payment_intent")];
      const { currency } = objects.get(payment);
      const [refund, created] = [id("re_"), SECOND()];
      moves("refund", refund, { amount: -amount, currency, created });
      return put({ id: refund, object: "refund", status: "succeeded", amount, currency, payment_intent: payment, created, metadata: inner(form, "metadata[") });
    }
    const [, , , , known, verb] = path.split("/");
    if (verb === "expire") {
      const session = objects.get(known);
      return session?.status === "open" ? Object.assign(session, { status: "expired" }) : undefined;
    }
    if (path !== "/v1/checkout/sessions") return undefined;
    const price = (name) => form.get(`line_items[0][price_data][${name}]`);
    const session = id("cs_test_");
    return put({
      id: session, object: "checkout.session", livemode: false, status: "open", payment_status: "unpaid", payment_intent: null,
      amount_total: Number(price("unit_amount")), currency: price("currency"), url: `${base}/${session}`,
      client_reference_id: form.get("client_reference_id"), expires_at: Number(form.get("expires_at")),
      metadata: inner(form, "metadata["), intent_metadata: inner(form, "payment_intent_data[metadata]["),
    });
  }

  function read({ pathname, searchParams }) {
    const [, , kind, one] = pathname.split("/");
    if (one) return objects.get(one);
    const of = searchParams.get("payment_intent");
    const within = ({ created }) => ["gte", "lt", "lte", "gt"].every((edge) => {
      const limit = searchParams.get(`created[${edge}]`);
      return limit === null || { gte: created >= limit, lt: created < limit, lte: created <= limit, gt: created > limit }[edge];
    });
    const data = [...objects.values()].filter((object) => `${object.object}s` === kind && within(object) && (of === null || object.payment_intent === of));
    return { object: "list", data, has_more: false };
  }

  /** What moves the balance of the account. */
  const moves = (type, source, { amount, fee = 0, currency, created }) =>
    put({
      id: id("txn_"), object: "balance_transaction", type, reporting_category: type, source, amount, fee, net: amount - fee, currency, created,
      available_on: created + 2 * 86_400, status: "pending",
    });

  const intent = ({ currency, intent_metadata }, amount, created) => {
    const charge = id("ch_");
    // as of a card: 2.9 % and 30 cents
    moves("charge", charge, { amount, fee: Math.floor((amount * 29) / 1000) + 30, currency, created });
    return put({
      id: id("pi_"), object: "payment_intent", status: "succeeded", amount, amount_received: amount, currency, created,
      latest_charge: charge, metadata: intent_metadata,
    });
  };

  const tell = async (type, object) => {
    const event = JSON.stringify({ id: id("evt_"), object: "event", type, livemode: false, created: SECOND(), data: { object } });
    const at = SECOND();
    const tag = createHmac("sha256", secret).update(`${at}.${event}`).digest("hex");
    const headers = { "content-type": "application/json", "stripe-signature": `t=${at},v1=${tag}` };
    const answer = await fetch(`${baseUrl()}/hooks/stripe`, { method: "POST", headers, body: event });
    assert.ok(answer.ok, `${type} was answered by ${answer.status}: ${await answer.text()}`);
  };

  return {
    origin: new URL(base).origin,
    /** A payment of what a page asks for, or of another amount; told of, unless its event is lost on the way. */
    async pays(order, { amount, created = SECOND(), lost = false } = {}) {
      const session = [...objects.values()].find((one) => one.intent_metadata?.concierge_order === order);
      const paid = intent(session, amount ?? session.amount_total, created);
      if (!lost) await tell("payment_intent.succeeded", paid);
    },
    /** A payment that says it is of a client, for an order that nobody knows. */
    strays(client, { amount, created }) {
      intent({ currency: "usd", intent_metadata: { concierge_client: client, concierge_order: randomUUID() } }, amount, created);
    },
    close: () => {
      server.closeAllConnections();
      return new Promise((closed) => server.close(closed));
    },
  };
}

/** The fields of a form inside of another one. */
function inner(form, prefix) {
  return Object.fromEntries([...form].filter(([name]) => name.startsWith(prefix)).map(([name, value]) => [name.slice(prefix.length, -1), value]));
}
