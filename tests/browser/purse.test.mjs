// Money in the chat: a question is refused for want of credit, and asked once there is some.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { chat, QUESTION } from "./chat.mjs";
import { hostPage } from "./host.mjs";
import { look as lookAt } from "./look.mjs";
import { mine, send } from "./node.mjs";
import { complaints } from "./operator.mjs";
import { purse, WORDS } from "./purse.mjs";
import { concierge, linkOf, pays, shops } from "./shop.mjs";
import { asPerson, baseUrl, enter, launch, PHONE, screenshot } from "./stage.mjs";
import { stripe } from "./stripe.mjs";

const BASE = baseUrl();
const [SHOP, GENEROUS, STRICT] = ["till-users", "till-client", "till-strict"];

let browser;
let bank;
before(async () => {
  browser = await launch();
  bank = await stripe();
  await shops(browser, [SHOP, GENEROUS, STRICT]);
  await pays(SHOP, "user", "--user-credits-per-day", "500", "--user-uses-per-month", "40");
  await pays(GENEROUS, "client");
  await pays(STRICT, "user", "--free-uses-per-day", "1", "--user-uses-per-day", "1");
});
after(async () => {
  await browser?.close();
  await bank?.close();
});

/** A notice as the server gives it; it looks at wallets every 15 minutes, which is too long for a test. */
async function lowFor(route) {
  const { authorization } = route.request().headers();
  const me = await (await fetch(`${BASE}/api/v1/me`, { headers: { authorization } })).json();
  const id = "01900000-0000-7000-8000-000000000001";
  const notice = { id, user_id: me.id, kind: "low_balance", balance: "1", needed: "5", begun_at: "2026-03-01T08:30:00Z", ended_at: null };
  await route.fulfill({ json: { items: [notice], next_cursor: null } });
}

const look = (page, name) => lookAt(page, `purse-${name}`);

/** The first answer breaks off on its way: what was asked for is done, and the page cannot know. */
async function breakOff(page, path) {
  await page.route(`${BASE}/api/v1${path}`, async (route) => {
    const response = await route.fetch();
    await route.fulfill({ status: response.status(), contentType: "application/json", body: (await response.text()).slice(0, 20) });
  }, { times: 1 });
}

/** What the browser itself says of the refusals that are meant is no complaint of the page. */
function assertCalm(watch) {
  assert.deepEqual(complaints(watch).filter((text) => !/status of 4(02|29)/.test(text)), []);
}

/** A question is refused, credits are bought by card, and it is answered. */
async function topUp(page, at, lang, shot = async () => undefined) {
  const here = chat(at, lang);
  const money = purse(at, lang);
  const { words } = money;
  await here.arrived();
  await here.send(QUESTION[lang]);
  await money.note.waitFor();
  await shot("refused");
  await money.button(words.topUp, money.note).click();
  await money.balance("0").waitFor();
  await shot("empty");
  await money.choose("Starter", words.stripe);
  await money.state(words.waiting).waitFor();
  await shot("order");
  const [checkout] = await Promise.all([page.context().waitForEvent("page"), at.getByRole("link", { name: words.pay }).click()]);
  await checkout.getByRole("button", { name: "Pay" }).click();
  await checkout.getByText("the shop knows").waitFor();
  await checkout.close();
  // the page finds out by itself
  await money.state(words.done).waitFor();
  await at.getByText(words.added).waitFor();
  await shot("paid");
  await money.button(words.back).click();
  await money.balance("100").waitFor();
  await money.panel.getByText(words.toppedUp, { exact: true }).waitFor();
  await here.closeSheet();
  // the question is still there
  await money.button(words.retry, money.note).click();
  await here.cited(here.finished().first());
  return { here, money };
}

describe("who pays for themselves", () => {
  test("tops up by card, asks, buys a pack, and keeps the receipt", async () => {
    await asPerson(browser, { lang: "zh" }, "purse-desk", async ({ page, watch }) => {
      await page.goto(await linkOf(SHOP, "ann", "zh"));
      const { here, money } = await topUp(page, page, "zh", (name) => look(page, `desk-zh-light-${name}`));
      const { words } = money;
      await money.open();
      await money.panel.getByText("回答", { exact: true }).waitFor();
      await look(page, "desk-zh-light-statement");
      await money.choose("50 answers", words.pack);
      await page.getByText(words.bought).waitFor();
      await money.panel.getByText(words.left).waitFor();
      await look(page, "desk-zh-light-bought");
      await money.panel.getByRole("button", { name: /^Starter.*已完成/ }).click();
      const [saved] = await Promise.all([page.waitForEvent("download"), money.button(words.receipt).click()]);
      assert.match(saved.suggestedFilename(), /\.html$/);
      // the focus is what a keyboard goes on from
      await page.keyboard.press("Escape");
      await money.button(words.back).waitFor({ state: "hidden" });
      await here.arrived();
      assertCalm(watch);
    });
  });

  test("inside a frame of another site", async () => {
    const host = await hostPage(await linkOf(SHOP, "fred", "en"));
    try {
      await asPerson(browser, { lang: "en" }, "purse-frame", async ({ page, watch }) => {
        await page.goto(host.origin);
        await topUp(page, page.frameLocator("iframe"), "en", (name) => screenshot(page, `purse-frame-${name}`));
        assertCalm(watch);
      });
    } finally {
      await host.close();
    }
  });

  test("pays on a chain, in two parts, and sees them come", async () => {
    await asPerson(browser, { lang: "en", viewport: PHONE, scheme: "dark" }, "purse-chain", async ({ page, watch }) => {
      await page.goto(await linkOf(SHOP, "carl", "en"));
      const here = chat(page, "en");
      const money = purse(page, "en");
      const { words } = money;
      await here.arrived();
      await here.menu(words.balance);
      await money.balance("0").waitFor();
      await look(page, "phone-en-dark-empty");
      await money.choose("Starter", words.chain);
      const address = await money.order.locator("code").filter({ hasText: /^0x/ }).first().innerText();
      await look(page, "phone-en-dark-deposit");
      const half = [1n, 2n];
      await send(address, "0.00390625", half);
      await money.order.getByText("1 of 3 confirmations").waitFor();
      await mine(2);
      await money.order.getByText("Counts", { exact: true }).waitFor();
      assert.ok(await money.state(words.waiting).isVisible(), "half of the amount paid the order");
      // the link for wallets holds the whole amount
      await money.order.getByText(words.rest).waitFor();
      await money.order.locator("code").getByText("0.001953125 ETH", { exact: true }).waitFor();
      assert.equal(await money.order.getByRole("link").count(), 0);
      await send(address, "0.00390625", half);
      await money.order.getByText("1 of 3 confirmations").waitFor();
      await look(page, "phone-en-dark-half");
      await mine(2);
      await money.state(words.done).waitFor();
      await look(page, "phone-en-dark-paid");
      await money.button(words.back).click();
      await money.balance("100").waitFor();
      assertCalm(watch);
    });
  });

  test("gives an order up, and leaves a refused question as a draft", async () => {
    await asPerson(browser, { lang: "en", scheme: "dark" }, "purse-cancel", async ({ page, watch }) => {
      await page.route(`${BASE}/api/v1/notices?*`, lowFor);
      await page.goto(await linkOf(SHOP, "dora", "en"));
      const here = chat(page, "en");
      const money = purse(page, "en");
      const { words } = money;
      await here.arrived();
      await page.getByRole("status").filter({ hasText: words.low }).waitFor();
      await look(page, "desk-en-dark-low");
      await money.button(words.hide).click();
      await page.getByText(words.low).waitFor({ state: "hidden" });
      await money.open();
      await money.choose("Starter", words.chain);
      // beside a desk there is a phone, which scans
      await money.order.locator(".ant-qrcode svg").waitFor();
      await look(page, "desk-en-dark-deposit");
      await money.button(words.cancel).click();
      await money.button(words.cancelIt).click();
      await money.state(words.cancelled).waitFor();
      await money.button(words.back).click();
      await money.panel.getByText(words.cancelled, { exact: true }).waitFor();
      await here.closeSheet();
      await here.send(QUESTION.en);
      await money.note.waitFor();
      // the conversation has begun, and is left and come back to
      await here.named(here.words.newChat).first().click();
      await here.session(QUESTION.en).click();
      await page.locator("textarea").filter({ hasText: QUESTION.en }).waitFor();
      assertCalm(watch);
    });
  });

  test("is told when a quota starts anew", async () => {
    await asPerson(browser, { lang: "zh", viewport: PHONE }, "purse-quota", async ({ page, watch }) => {
      await page.goto(await linkOf(STRICT, "ed", "zh"));
      const here = chat(page, "zh");
      await here.cited(await here.ask(QUESTION.zh));
      await here.send(QUESTION.en);
      // in the last minutes of the day the seconds are counted
      await page.getByRole("alert").filter({ hasText: /重新开始计算|秒后重试/ }).waitFor();
      await look(page, "phone-zh-light-quota");
      await here.menu(WORDS.zh.balance);
      await page.getByText("已用 1 / 1 次").first().waitFor();
      await look(page, "phone-zh-light-quotas");
      assertCalm(watch);
    });
  });
});

describe("where the client pays", () => {
  test("a user is told whom to ask, and a manager buys for all", async () => {
    await asPerson(browser, { lang: "zh" }, "purse-member", async ({ page, watch }) => {
      await page.goto(await linkOf(GENEROUS, "gus", "zh"));
      const here = chat(page, "zh");
      await here.arrived();
      await here.send(QUESTION.zh);
      const note = page.getByRole("alert").filter({ hasText: "额度由本服务的提供方管理" });
      await note.waitFor();
      assert.equal(await note.getByRole("button", { name: WORDS.zh.topUp }).count(), 0);
      await purse(page, "zh").open();
      await page.getByText("您无需付费").waitFor();
      assert.equal(await page.getByTestId("balance").count(), 0);
      await look(page, "desk-zh-light-member");
      assertCalm(watch);
    });
    await concierge("user", "--client", GENEROUS, "--user", "gus", "--role", "manager");
    await concierge("wallet", "grant", "--client", GENEROUS, "--credits", "50", "--key", "first");
    await asPerson(browser, { lang: "en", scheme: "dark" }, "purse-manager", async ({ page, watch }) => {
      await page.goto(await linkOf(GENEROUS, "gus", "en"));
      const here = chat(page, "en");
      const money = purse(page, "en");
      await here.arrived();
      await money.open();
      await money.balance("50").waitFor();
      await breakOff(page, "/plans/*/purchase");
      await money.choose("50 answers", WORDS.en.pack);
      await money.panel.getByRole("alert").waitFor();
      await here.closeSheet();
      await money.open();
      await money.choose("50 answers", WORDS.en.pack);
      await page.getByText(WORDS.en.bought).waitFor();
      // it was bought once
      await money.balance("30").waitFor();
      await look(page, "desk-en-dark-manager");
      assertCalm(watch);
    });
  });
});

test("where nobody pays there is no panel of money", async () => {
  await asPerson(browser, { lang: "en" }, "purse-off", async ({ page }) => {
    const asked = page.waitForResponse((response) => response.url() === `${BASE}/api/v1/quotas`);
    await enter(page, "en");
    const here = chat(page, "en");
    await here.arrived();
    assert.equal((await (await asked).json()).payer, "off");
    await here.named(here.words.menu).click();
    await page.getByRole("menuitem", { name: here.words.settings }).waitFor();
    assert.equal(await page.getByText(WORDS.en.balance, { exact: true }).count(), 0);
    assert.equal(await here.named(WORDS.en.balance).count(), 0);
  });
});
