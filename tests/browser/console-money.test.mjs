// The money of a client in the console: an operator of finance, the real server, a double of Stripe.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import { look } from "./look.mjs";
import { complaints, operator, operatorLink, WORDS } from "./operator.mjs";
import { tokenOf } from "./partner.mjs";
import { asPerson, baseUrl, DESK, launch, PHONE } from "./stage.mjs";
import { stripe } from "./stripe.mjs";

const BASE = baseUrl();
const CLIENT = "till";
const PARTS = ["billing", "prices", "plans", "credits", "usage", "orders", "subscriptions", "waiting", "books"];
const EXAMPLES = JSON.parse(readFileSync(new URL("../../openapi/admin.json", import.meta.url))).components.schemas;

let browser;
let cookies;
let bank;
before(async () => {
  browser = await launch();
  bank = await stripe();
  // one session for all: a one-time code counts once
  await asPerson(browser, { lang: "en" }, "cashier", async ({ page, context }) => {
    await operator(page, "en").setUp(operatorLink("OPERATOR_LINK_MONEY"));
    cookies = await context.cookies();
  });
});
after(async () => {
  await browser?.close();
  await bank?.close();
});

/** A walk of the operator of finance through one part of the client's money. */
async function walk(part, name, steps) {
  await asPerson(browser, { lang: "en" }, name, async ({ page, context, watch }) => {
    await context.addCookies(cookies);
    await page.goto(`${BASE}/admin/#/clients/${CLIENT}/money/${part}`);
    const here = operator(page, "en");
    await steps(page, here);
    assert.deepEqual(complaints(watch).filter((text) => !/status of 4(04|09)|ERR_FAILED/.test(text)), []);
  });
}

/** A user of the client, as their own page would speak for them. */
async function user(name) {
  const opened = await fetch(`${BASE}/api/v1/token-exchange`, { method: "POST", headers: { "api-token": await tokenOf(name, CLIENT) } });
  assert.equal(opened.status, 200);
  const { access_token: bearer } = await opened.json();
  return async (method, path, body, headers = {}) => {
    const json = { authorization: `Bearer ${bearer}`, "content-type": "application/json", ...headers };
    const answer = await fetch(`${BASE}/api/v1${path}`, { method, headers: json, ...(body ? { body: JSON.stringify(body) } : {}) });
    const said = await answer.json();
    assert.ok(answer.ok, `${method} ${path}: ${answer.status} ${JSON.stringify(said)}`);
    return said;
  };
}

/** Each of them is refused at the field, and nothing is sent. */
async function refuses(page, field, bad, words, at = page) {
  for (const text of bad) {
    await field.fill(text);
    await at.getByRole("alert").getByText(words).first().waitFor();
    assert.equal(await field.getAttribute("aria-invalid"), "true", `${text} is taken`);
  }
}

describe("an operator of finance", () => {
  test("says who pays and how much, and what cannot be a limit is said at its field", async () => {
    await walk("billing", "billing", async (page, here) => {
      const budget = here.field("Budget of the client per month");
      const save = here.button("Save").first();
      await budget.waitFor();
      await refuses(page, budget, ["-1", "0.0000001", "１２", "1e9", "1000000000.1", "9".repeat(60)], "Credits such as 20 or 0.5");
      assert.ok(await save.isDisabled());
      await budget.fill("007.50");
      await refuses(page, here.field("Free answers per user and day"), ["", "-1", "1.5", "１", "1000001"], "A whole number from 0 to 1000000.");
      await here.field("Free answers per user and day").fill("3");
      await here.field("Who pays for answers").selectOption("user");
      // by keyboard alone
      await here.field("Answers per user and day").fill("0");
      await page.keyboard.press("Enter");
      await page.getByRole("status").getByText("Saved", { exact: true }).waitFor();
      await here.field("A wallet is low below").fill("0");
      await page.getByRole("alert").getByText("more than 0").waitFor();
      await here.field("A wallet is low below").fill("2.25");
      await page.keyboard.press("Enter");
      await page.getByRole("status").getByText("Saved", { exact: true }).nth(1).waitFor();
      await page.reload();
      await budget.waitFor();
      await here.field("A wallet is low below").waitFor();
      const kept = ["Budget of the client per month", "Free answers per user and day", "Answers per user and day", "A wallet is low below"];
      assert.deepEqual(await Promise.all(kept.map((name) => here.field(name).inputValue())), ["7.5", "3", "0", "2.25"]);
      assert.equal(await here.field("Who pays for answers").inputValue(), "user");
    });
  });

  test("sets prices, now and later; one that cannot be is not sent", async () => {
    await walk("prices", "prices", async (page, here) => {
      await page.getByText("No price yet").waitFor();
      await here.button("Set a price").focus();
      await page.keyboard.press("Enter");
      const dialog = here.dialog();
      await here.field("Model", dialog).fill("small");
      await here.field("Input", dialog).fill("0.000001");
      await dialog.getByRole("button", { name: "Save" }).click();
      await dialog.getByRole("alert").getByText("Input and output belong together").waitFor();
      await refuses(page, here.field("Output", dialog), ["-1", "0.0000001", "１", "1000000.1", "x"], "Credits such as 3 or 0.25", dialog);
      await here.field("Output", dialog).fill("15.50");
      await here.field("Counts from", dialog).selectOption("later");
      await dialog.getByRole("button", { name: "Save" }).click();
      await dialog.getByRole("alert").getByText("Choose day and time.").waitFor();
      await here.field("Time", dialog).fill("2001-01-01T00:00");
      await dialog.getByRole("button", { name: "Save" }).click();
      await dialog.getByRole("alert").getByText("This was not accepted.").waitFor();
      await here.field("Counts from", dialog).selectOption("now");
      await dialog.getByRole("button", { name: "Save" }).click();
      await page.getByRole("row").filter({ hasText: "0.000001" }).getByText("Counts", { exact: true }).waitFor();
      await here.button("New price small").click();
      assert.equal(await here.field("Output", dialog).inputValue(), "15.5");
      await here.field("Output", dialog).fill("1234567");
      await here.field("Output", dialog).fill("12345.5");
      await here.field("Counts from", dialog).selectOption("later");
      await here.field("Time", dialog).fill(`${new Date().getFullYear() + 1}-06-01T12:00`);
      await dialog.getByRole("button", { name: "Save" }).click();
      const later = page.getByRole("row").filter({ hasText: "12,345.5" });
      await later.getByText("From later on").waitFor();
      // the same moment once more
      await here.button("New price small").click();
      await here.field("Counts from", dialog).selectOption("later");
      await here.field("Time", dialog).fill(`${new Date().getFullYear() + 1}-06-01T12:00`);
      await dialog.getByRole("button", { name: "Save" }).click();
      await dialog.getByRole("alert").getByText("This is in use already.").waitFor();
      assert.equal(await here.field("Time", dialog).getAttribute("aria-invalid"), "true");
      await page.keyboard.press("Escape");
      await dialog.waitFor({ state: "hidden" });
    });
  });

  test("offers plans of all four kinds, replaces, ends and offers again", async () => {
    await walk("plans", "plans", async (page, here) => {
      const dialog = here.dialog();
      const offer = async (kind, fields) => {
        await here.button("Offer a plan").click();
        await here.field("Kind", dialog).selectOption(kind);
        for (const [name, value] of Object.entries(fields)) await here.field(name, dialog).fill(value);
        await dialog.getByRole("button", { name: "Offer a plan" }).click();
      };
      await offer("credit", { Name: "点数 100" });
      await dialog.getByRole("alert").getByText("more than 0, at most 1000000000").waitFor();
      await refuses(page, here.field("Price", dialog), ["0", "-5", "1.999", "１", ""], "An amount of this currency", dialog);
      await here.field("Credits one gets", dialog).fill("100");
      await here.field("Price", dialog).fill("12.50");
      await here.field("Currency", dialog).fill("usd");
      await dialog.getByRole("button", { name: "Offer a plan" }).click();
      await page.getByRole("row").filter({ hasText: "12.50 USD" }).waitFor();
      await offer("uses", { Name: "50 uses", Uses: "50", "Cost in credits": "20" });
      await page.getByRole("row").filter({ hasText: "20 credits" }).getByText("50 uses").nth(1).waitFor();
      await offer("pass", { Name: "Quarter", "How many": "2", "Cost in credits": "9.5", Price: "1", Currency: "CNY" });
      await page.getByRole("row").filter({ hasText: "1.00 CNY or 9.5 credits" }).waitFor();
      await offer("monthly", { Name: "Team", "Cost in credits": "5" });
      await page.getByRole("row").filter({ hasText: "5 credits per month" }).waitFor();
      // a name counts once
      await offer("monthly", { Name: "Team", "Cost in credits": "6" });
      await dialog.getByRole("alert").getByText("This is in use already.").waitFor();
      assert.equal(await here.field("Name", dialog).getAttribute("aria-invalid"), "true");
      await page.keyboard.press("Escape");
      await dialog.waitFor({ state: "hidden" });
      await here.button("Replace Quarter").click();
      assert.equal(await here.field("Price", dialog).inputValue(), "1.00");
      await here.field("Price", dialog).fill("2");
      await dialog.getByRole("button", { name: "Replace" }).click();
      await page.getByRole("row").filter({ hasText: "2.00 CNY" }).waitFor();
      await page.getByRole("row").filter({ hasText: "1.00 CNY" }).getByText("Ended").waitFor();
      await here.button("End 50 uses").click();
      await dialog.getByRole("button", { name: "End" }).click();
      await here.button("Offer again 50 uses").click();
      await dialog.getByRole("button", { name: "Offer again" }).click();
      await here.button("End 50 uses").waitFor();
    });
  });

  test("gives credits once, to the client or a user, and sees what a wallet holds", async () => {
    await user("u-1");
    await walk("credits", "credits", async (page, here) => {
      const dialog = here.dialog();
      const held = () => page.locator(".figure dd").first();
      await held().getByText("0", { exact: true }).waitFor();
      await here.button("Give credits").click();
      await dialog.getByRole("button", { name: "Give" }).click();
      await refuses(page, here.field("Credits", dialog), ["", "0", "-1", "0.0000001", "１", "1000000000.1"], "more than 0, at most 1000000000", dialog);
      await here.field("Credits", dialog).fill("1234.5");
      await here.field("Note", dialog).fill("x".repeat(501));
      await dialog.getByRole("alert").getByText("At most 500 characters.").waitFor();
      await here.field("Note", dialog).fill("Welcome");
      // the answer is lost on the way; the same form sent again gives once
      await page.route("**/grants", (route) => route.fetch().then(() => route.abort()), { times: 1 });
      await dialog.getByRole("button", { name: "Give" }).click();
      await dialog.getByRole("alert").getByText("No connection to the server.").waitFor();
      await dialog.getByRole("button", { name: "Give" }).click();
      await page.getByRole("status").getByText("1,234.5 credits were given. The wallet holds 1,234.5.").waitFor();
      await here.button("Give credits").click();
      await here.field("To whom", dialog).selectOption("user");
      await here.field("User ID", dialog).fill("nobody");
      await here.field("Credits", dialog).fill("20");
      await dialog.getByRole("button", { name: "Give" }).click();
      await dialog.getByRole("alert").getByText("This is not here any more.").waitFor();
      assert.equal(await here.field("User ID", dialog).getAttribute("aria-invalid"), "true");
      await here.field("User ID", dialog).fill("u-1");
      await dialog.getByRole("button", { name: "Give" }).click();
      await page.getByRole("heading", { name: "Wallet of u-1" }).waitFor();
      await held().getByText("20", { exact: true }).waitFor();
      // lost once more, and changed before it is sent again: nobody gives another amount beside the first
      await here.button("Give credits").click();
      await here.field("Credits", dialog).fill("5");
      await page.route("**/grants", async (route) => {
        assert.ok(await dialog.getByRole("button", { name: "Cancel" }).isDisabled(), "a gift on its way can be left");
        await page.keyboard.press("Escape");
        await route.fetch();
        await route.abort();
      }, { times: 1 });
      await dialog.getByRole("button", { name: "Give" }).click();
      await dialog.getByRole("alert").getByText("No connection to the server.").waitFor();
      await here.field("Credits", dialog).fill("6");
      await dialog.getByRole("button", { name: "Give" }).click();
      await dialog.getByRole("alert").getByText("These credits may have been given already").waitFor();
      await dialog.getByRole("button", { name: "Cancel" }).click();
      await held().getByText("25", { exact: true }).waitFor();
    });
  });

  test("sends money back by Stripe, and decides about money that does not fit", async () => {
    const buys = await user("u-1");
    const { items } = await buys("GET", "/plans");
    const plan = items.find(({ kind }) => kind === "credit");
    const order = (key) => buys("POST", "/orders", { plan_id: plan.id, provider: "stripe" }, { "idempotency-key": key });
    await bank.pays((await order("k1")).id);
    await bank.pays((await order("k2")).id, { amount: 1249 });
    await walk("orders", "orders", async (page, here) => {
      const dialog = here.dialog();
      await here.field("State").selectOption("fulfilled");
      await here.button("Refund 点数 100").click();
      await dialog.getByText("12.50 USD is left of this order.").waitFor();
      await dialog.getByRole("button", { name: "Send the money back" }).click();
      await dialog.getByRole("alert").getByText("Say why, in 1 to 500 characters.").waitFor();
      await here.field("Reason", dialog).fill("The buyer asked.");
      await refuses(page, here.field("Amount", dialog), ["0", "-1", "1.999", "１", "x"], "An amount of this currency", dialog);
      await refuses(page, here.field("Amount", dialog), ["12.51"], "more than is left", dialog);
      await here.field("Amount", dialog).fill("2.50");
      await dialog.getByRole("button", { name: "Send the money back" }).click();
      await page.getByRole("row").filter({ hasText: "2.50 USD went back" }).waitFor();
      await here.button("Refund 点数 100").click();
      await dialog.getByText("10.00 USD is left of this order.").waitFor();
      // the answer is lost and another amount is typed: clicked as often as one likes, only the first goes back
      await here.field("Reason", dialog).fill("The buyer asked again.");
      await here.field("Amount", dialog).fill("1.50");
      await page.route("**/refund", (route) => route.fetch().then(() => route.abort()), { times: 1 });
      await dialog.getByRole("button", { name: "Send the money back" }).click();
      await dialog.getByRole("alert").getByText("No connection to the server.").waitFor();
      await here.field("Amount", dialog).fill("3.00");
      for (let click = 0; click < 2; click += 1) {
        const [answer] = await Promise.all([page.waitForResponse("**/refund"), dialog.getByRole("button", { name: "Send the money back" }).click()]);
        assert.equal(answer.status(), 409);
        await dialog.getByRole("alert").getByText("The earlier try may have gone through").waitFor();
      }
      await page.keyboard.press("Escape");
      await page.getByRole("row").filter({ hasText: "4.00 USD went back" }).waitFor();
      await dialog.waitFor({ state: "hidden" });
    });
    await walk("waiting", "waiting", async (page, here) => {
      const dialog = here.dialog();
      const row = page.getByRole("row").filter({ hasText: "Another amount than was ordered" });
      await row.getByText("12.49 USD").waitFor();
      await row.getByRole("button").click();
      await dialog.getByRole("button", { name: "Give nothing" }).click();
      await dialog.getByRole("alert").getByText("Say why, in 1 to 500 characters.").waitFor();
      await here.field("Decision", dialog).selectOption("fulfilled");
      await here.field("Why", dialog).fill("A cent is nothing.");
      await dialog.getByRole("button", { name: "Give what was ordered" }).click();
      await page.getByText("No payment waits.").waitFor();
      await page.getByLabel("Show", { exact: true }).first().selectOption("fulfilled");
      await row.getByText("A cent is nothing.").waitFor();
    });
  });

  test("has a plan paid by the month, sees its fees, and ends it", async () => {
    await walk("subscriptions", "subscriptions", async (page, here) => {
      const dialog = here.dialog();
      const begin = async () => {
        await here.button("Begin").click();
        await here.field("Plan", dialog).waitFor();
        await dialog.getByRole("button", { name: "Begin" }).click();
      };
      await begin();
      await here.button("Fees Team").click();
      await dialog.getByText(/No fee was due yet|Not paid|Paid/).first().waitFor();
      await dialog.getByRole("button", { name: "Close" }).click();
      await begin();
      await dialog.getByRole("alert").getByText("This is in use already.").waitFor();
      await here.field("Who pays", dialog).selectOption("user");
      await here.field("User ID", dialog).fill("nobody");
      await dialog.getByRole("button", { name: "Begin" }).click();
      await dialog.getByRole("alert").getByText("This is not here any more.").waitFor();
      await page.keyboard.press("Escape");
      await dialog.waitFor({ state: "hidden" });
      await here.button("End Team").click();
      await dialog.getByRole("button", { name: "End" }).click();
      await page.getByRole("row").getByText("Ended").waitFor();
    });
  });

  test("reads the books: runs, closed days with their hash, and a line to resolve", async () => {
    const buys = await user("u-1");
    const { items } = await buys("GET", "/plans");
    const plan = items.find(({ kind }) => kind === "credit");
    const order = await buys("POST", "/orders", { plan_id: plan.id, provider: "stripe" }, { "idempotency-key": "k3" });
    // two days ago by the other side's clock, another amount, and nobody told of it
    const day = new Date(Date.now() - 2 * 86_400_000).toISOString().slice(0, 10);
    const created = Date.parse(`${day}T12:00:00Z`) / 1000;
    await bank.pays(order.id, { amount: 1300, created, lost: true });
    // the chain of another test is not there to be read
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("CONCIERGE__CHAIN")));
    await promisify(execFile)(process.env.CONCIERGE_BINARY, ["reconcile", "--from", day, "--to", day], { env });
    await walk("books", "books", async (page, here) => {
      // no client of today has a day that is over
      await page.route("**/book-days?*", (route) => route.fulfill({ json: { items: [{ ...EXAMPLES.BookDay.example, day }], next_cursor: null } }));
      await page.reload();
      const closed = page.getByRole("table", { name: "Closed days" }).getByRole("row").filter({ hasText: day });
      await closed.getByText(/^[0-9a-f]{64}$/).waitFor();
      await closed.getByText("100 taken, 0 given").waitFor();
      await page.getByRole("table", { name: "Runs of the reconciliation" }).getByText(/ 1 made good, /).first().waitFor();
      await here.button(`Show its lines ${day}`).click();
      assert.equal(await here.field("From").inputValue(), day);
      const lines = page.getByRole("table", { name: "Lines" });
      await lines.getByText("13.00 USD").waitFor();
      await here.field("Standing").selectOption("open");
      await page.getByText("There are no such lines in these days.").waitFor();
      await here.field("Standing").selectOption("healed");
      await lines.getByText("13.00 USD").waitFor();
      const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "Download all lines as CSV" }).click()]);
      assert.match(file.suggestedFilename(), /^till .*\.csv$/);
      // the day that is shown already is shown again, whatever was typed meanwhile
      await here.field("From").fill("2001-01-01");
      await here.button(`Show its lines ${day}`).click();
      await page.waitForFunction((first) => document.querySelector('input[type="date"]').value === first, day);
      await here.field("To").fill("2001-01-01");
      await page.getByRole("alert").getByText("From must not be after to.").waitFor();
      await here.field("To").fill(day);
      const note = await resolves(page, here);
      assert.deepEqual(note, { note: "Sent back at Stripe." });
    });
  });
});

/** A line that waits for a person, out of the document's example: what waits is older than this server. */
async function resolves(page, here) {
  const { example } = EXAMPLES.BookLine;
  const open = { ...example, standing: "open", reason: "The other side has another amount." };
  let sent;
  await page.route("**/book-lines?*", (route) => route.fulfill({ json: { items: [open], next_cursor: null } }));
  await page.route(`**/book-lines/${open.id}/resolve`, (route) => {
    sent = route.request().postDataJSON();
    return route.fulfill({ json: { ...open, standing: "resolved", ...sent } });
  });
  await here.button("Show").click();
  const dialog = here.dialog();
  await here.button(`Resolve ${open.reference}`).click();
  await dialog.getByText("The other side has another amount.").waitFor();
  await dialog.getByRole("button", { name: "Resolve" }).click();
  await dialog.getByRole("alert").getByText("Say why, in 1 to 500 characters.").waitFor();
  await here.field("Note", dialog).fill(" Sent back at Stripe. ");
  await dialog.getByRole("button", { name: "Resolve" }).click();
  await page.getByRole("table", { name: "Lines" }).getByText("Sent back at Stripe.").waitFor();
  return sent;
}

/** What only days and chains bring about, by the document's own examples. */
async function pretend(page) {
  const example = (name, change = {}) => ({ ...EXAMPLES[name].example, ...change });
  const answer = (pattern, body) => page.route(pattern, (route) => route.fulfill({ json: body }));
  await answer("**/chain-arrivals?*", { items: [example("Arrival", { state: "confirmed", verdict: "late", left_over: "12500000" })], next_cursor: null });
  await answer("**/book-days?*", { items: [example("BookDay")], next_cursor: null });
  await answer("**/usage", Array.from({ length: 3 }, (_, n) => example("ClientUsage", { day: `2026-03-0${n + 1}`, cached_tokens: n * 1000 })));
  await answer("**/admin/v1/chains", {
    items: [example("ChainWatch"), example("ChainWatch", { name: "bsc", failed_at: "2026-03-01T08:30:00Z", failure: "the node rpc.example: connection refused" })],
  });
}

describe("the money of a client fits", () => {
  for (const [place, viewport] of [["phone", PHONE], ["desk", DESK]]) {
    for (const lang of ["zh", "en"]) {
      for (const scheme of ["light", "dark"]) {
        test(`a ${place}: ${lang}, ${scheme}`, async () => {
          const name = `money-${place}-${lang}-${scheme}`;
          await asPerson(browser, { lang, scheme, viewport }, name, async ({ page, context, watch }) => {
            await context.addCookies(cookies);
            await pretend(page);
            const here = operator(page, lang);
            await page.goto(`${BASE}/admin/`);
            await here.heading(WORDS[lang].overview).waitFor();
            await look(page, `${name}-overview`);
            for (const part of PARTS) {
              await page.goto(`${BASE}/admin/#/clients/${CLIENT}/money/${part}`);
              await page.locator(".parts [aria-current=page]").waitFor();
              await page.waitForFunction((at) => document.querySelector(".parts [aria-current=page]").href.endsWith(at), part);
              await look(page, `${name}-${part}`);
            }
            for (const [part, open] of [["prices", ".section-head button"], ["plans", ".section-head button"], ["credits", ".section-head button"], ["orders", "td.acts button"], ["waiting", "td.acts button"]]) {
              await page.goto(`${BASE}/admin/#/clients/${CLIENT}/money/${part}`);
              await page.waitForFunction((at) => document.querySelector(".parts [aria-current=page]").href.endsWith(at), part);
              await page.locator(open).first().click();
              await here.dialog().waitFor();
              await look(page, `${name}-${part}-dialog`);
              await page.keyboard.press("Escape");
              await here.dialog().waitFor({ state: "hidden" });
            }
            assert.deepEqual(watch.complaints, [], "the browser's console is not clean");
            assert.deepEqual([...watch.origins], [BASE], "a request left for another host");
          });
        });
      }
    }
  }
});
