// A double of Stripe: pages of payment, payments and refunds in memory, and events that are signed as its are.
import { createHmac } from "node:crypto";
import http from "node:http";

const SECOND = () => Math.floor(Date.now() / 1000);

export async function stripeDouble({ port, hook, secret }) {
  const objects = new Map();
  let made = 0;
  const put = (object) => objects.set(object.id, object).get(object.id);
  const id = (prefix) => `${prefix}${String((made += 1)).padStart(8, "0")}`;
  const server = http.createServer(async (request, response) => {
    const url = new URL(request.url, "http://double");
    let body = "";
    for await (const part of request) body += part;
    const answer = request.method === "POST" ? write(url.pathname, new URLSearchParams(body)) : read(url);
    response.writeHead(answer ? 200 : 404, { "content-type": "application/json" });
    response.end(JSON.stringify(answer ?? { error: { type: "invalid_request_error", message: "No such thing" } }));
  });
  await new Promise((listening) => server.listen(port, "127.0.0.1", listening));

  function write(path, form) {
    if (path === "/v1/refunds") {
      const [amount, payment] = [Number(form.get("amount")), form.get("payment_intent")];
      const { currency } = objects.get(payment);
      return put({ id: id("re_"), object: "refund", status: "succeeded", amount, currency, payment_intent: payment, created: SECOND(), metadata: inner(form, "metadata[") });
    }
    if (path !== "/v1/checkout/sessions") return undefined;
    const price = (name) => form.get(`line_items[0][price_data][${name}]`);
    const session = id("cs_test_");
    return put({
      id: session, object: "checkout.session", livemode: false, status: "open", payment_status: "unpaid", payment_intent: null,
      amount_total: Number(price("unit_amount")), currency: price("currency"), url: `https://checkout.example/${session}`,
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

  const tell = async (type, object) => {
    const event = JSON.stringify({ id: id("evt_"), object: "event", type, livemode: false, created: SECOND(), data: { object } });
    const at = SECOND();
    const tag = createHmac("sha256", secret).update(`${at}.${event}`).digest("hex");
    const answer = await fetch(hook, { method: "POST", headers: { "content-type": "application/json", "stripe-signature": `t=${at},v1=${tag}` }, body: event });
    if (!answer.ok) throw new Error(`${type} was answered by ${answer.status}: ${await answer.text()}`);
  };

  return {
    /** A payment of what a page asks for, or of another amount; told of, unless its event is lost on the way. */
    async pays(order, { amount, created = SECOND(), lost = false } = {}) {
      const session = [...objects.values()].find((one) => one.intent_metadata?.concierge_order === order);
      const paid = amount ?? session.amount_total;
      const intent = put({ id: id("pi_"), object: "payment_intent", status: "succeeded", amount: paid, amount_received: paid, currency: session.currency, created, metadata: session.intent_metadata });
      if (!lost) await tell("payment_intent.succeeded", intent);
      return intent.id;
    },
    /** What Stripe says of a payment later on. */
    corrects: (payment, change) => put({ ...objects.get(payment), ...change }),
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
