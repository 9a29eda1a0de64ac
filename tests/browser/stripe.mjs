// A double of Stripe: it makes pages where orders are paid, and tells the server, signed, when one is.
import assert from "node:assert/strict";
import { createHmac, randomUUID } from "node:crypto";
import http from "node:http";
import { baseUrl } from "./stage.mjs";

/** Listens where the server under test was told that Stripe is. */
export async function stripe() {
  const base = process.env.CONCIERGE__STRIPE__API_BASE;
  const secret = process.env.CONCIERGE__STRIPE__WEBHOOK_SECRET;
  assert.ok(base && secret, "CONCIERGE__STRIPE__API_BASE and its WEBHOOK_SECRET are not set: where the double is to be");
  const sessions = new Map();
  const server = http.createServer(async (request, response) => {
    const { pathname } = new URL(request.url, base);
    const say = (status, body, type = "application/json") =>
      response.writeHead(status, { "content-type": type }).end(typeof body === "string" ? body : JSON.stringify(body));
    const [, , , , id] = pathname.split("/");
    if (request.method === "GET") return say(200, page(pathname.slice(1), sessions.get(pathname.slice(1))), "text/html");
    if (pathname === "/v1/checkout/sessions") return say(200, made(sessions, base, new URLSearchParams(await text(request))));
    if (pathname.endsWith("/expire")) return expire(sessions.get(id), say);
    if (pathname.endsWith("/pay")) {
      const status = await paid(sessions.get(pathname.split("/")[1]), secret);
      return say(200, `<!doctype html><title>paid</title><p>Paid, and the shop said ${status}.`, "text/html");
    }
    return say(404, { error: { message: "Unrecognized request URL" } });
  });
  await new Promise((resolve) => server.listen(Number(new URL(base).port), "127.0.0.1", resolve));
  const close = () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  };
  return { origin: new URL(base).origin, close };
}

function page(id, session) {
  if (!session) return "<!doctype html><title>none</title><p>There is no such page.";
  return `<!doctype html><title>checkout</title><link rel="icon" href="data:,"><form method="post" action="/${id}/pay"><button>Pay</button></form>`;
}

function made(sessions, base, form) {
  const id = `cs_test_${randomUUID()}`;
  const about = (start) => Object.fromEntries([...form].filter(([name]) => name.startsWith(start)).map(([name, value]) => [name.slice(start.length, -1), value]));
  const session = {
    id,
    object: "checkout.session",
    livemode: false,
    status: "open",
    payment_status: "unpaid",
    payment_intent: null,
    amount_total: Number(form.get("line_items[0][price_data][unit_amount]")),
    currency: form.get("line_items[0][price_data][currency]"),
    url: `${base}/${id}`,
    metadata: about("metadata["),
  };
  sessions.set(id, session);
  return session;
}

function expire(session, say) {
  if (session?.status !== "open") return say(400, { error: { message: "Only open sessions can be expired." } });
  session.status = "expired";
  return say(200, session);
}

async function paid(session, secret) {
  Object.assign(session, { status: "complete", payment_status: "paid", payment_intent: `pi_${randomUUID()}` });
  const event = { id: `evt_${randomUUID()}`, object: "event", type: "checkout.session.completed", livemode: false, created: 1, data: { object: session } };
  const body = JSON.stringify(event);
  const time = Math.floor(Date.now() / 1000);
  const tag = createHmac("sha256", secret).update(`${time}.${body}`).digest("hex");
  const headers = { "content-type": "application/json", "stripe-signature": `t=${time},v1=${tag}` };
  return (await fetch(`${baseUrl()}/hooks/stripe`, { method: "POST", headers, body })).status;
}

async function text(request) {
  const pieces = [];
  for await (const piece of request) pieces.push(piece);
  return Buffer.concat(pieces).toString();
}
