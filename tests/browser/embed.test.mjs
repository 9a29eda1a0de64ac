// The page as a part of another site: one line of script, and messages between the two.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { chat, QUESTION } from "./chat.mjs";
import { partnerSite, tokenOf } from "./partner.mjs";
import { asPerson, assertQuiet, baseUrl, launch, PHONE, screenshot } from "./stage.mjs";

const BASE = baseUrl();
const NOBODY = "01900000-0000-7000-8000-00000000dead";

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

const head = `<!doctype html><html lang="zh-CN"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
  <link rel="icon" href="data:,"><title>Partner</title><h1>晨星电动车</h1>`;

/** A partner's site with the one line, and a page that keeps a frame by itself. */
async function onSite(options, name, walk) {
  const site = await partnerSite({
    chat: BASE,
    pages: {
      "/": `${head}<script src="${BASE}/h5/embed.js" data-token-url="/token" async></script>`,
      "/en": `${head}<script src="${BASE}/h5/embed.js" data-token-url="/token" data-language="en" data-label="Morning Star help" data-theme="dark" data-side="left"></script>`,
      "/own": `${head}<iframe src="${BASE}/h5/?entry=host&amp;lang=en" width="1100" height="700"></iframe><script src="/own.js"></script>`,
      "/own.js": `globalThis.told = []; addEventListener("message", ({ data }) => told.push(data));
        globalThis.say = (message) => document.querySelector("iframe").contentWindow.postMessage(message, "*");`,
    },
  });
  try {
    await asPerson(browser, options, name, (who) => walk({ ...who, site }));
  } finally {
    await site.close();
  }
}

const launcher = (page, name) => page.getByRole("button", { name, exact: true }).last();
const inside = (page) => page.frames().find((frame) => frame.url().startsWith(BASE));

describe("one line of script", () => {
  test("opens the chat, renews its token, and leaves nothing in any address", async () => {
    await onSite({ lang: "zh" }, "embed", async ({ page, watch, site }) => {
      let bearer = null;
      page.on("request", (request) => (bearer = request.headers().authorization ?? bearer));
      await page.goto(site.origin);
      await launcher(page, "打开对话").waitFor();
      assert.equal(site.seen.tokens, 0, "a token was fetched before anybody wanted to chat");
      await launcher(page, "打开对话").click();
      const here = chat(page.frameLocator("iframe"), "zh");
      await here.arrived();
      assert.match(await here.cited(await here.ask(QUESTION.zh)), /24/);
      await screenshot(page, "embed-zh-light");
      assert.doesNotMatch(inside(page).url(), /token/);
      assert.equal(site.seen.tokens, 1);
      assertQuiet(watch, [BASE, site.origin]);

      // the session ends at the server: the next request finds out, and the page gets another one
      const ended = bearer;
      let refused = 0;
      await page.route(`${BASE}/api/v1/**`, (route) => {
        if (route.request().headers().authorization !== ended) return route.continue();
        refused += 1;
        return route.fulfill({ status: 401, json: { status: 401, code: "unauthenticated", detail: "", request_id: "r" } });
      });
      await here.send(QUESTION.en);
      await here.finished().first().waitFor();
      await here.arrived();
      assert.ok(refused > 0 && site.seen.tokens === 2, `${refused} refusals, ${site.seen.tokens} tokens`);
      // the conversation is the same, and goes on
      await here.cited(here.finished().first());
      assert.match(await here.cited(await here.ask(QUESTION.en)), /24/);
    });
  });

  test("is used with the keyboard, and closes with Escape from inside", async () => {
    await onSite({ lang: "en" }, "embed-keys", async ({ page, site }) => {
      await page.goto(`${site.origin}/en`);
      await launcher(page, "Open chat").focus();
      await page.keyboard.press("Enter");
      const here = chat(page.frameLocator("iframe"), "en");
      await here.arrived();
      await page.getByRole("dialog", { name: "Morning Star help" }).waitFor();
      await screenshot(page, "embed-en-dark");
      await page.frameLocator("iframe").locator("textarea:focus").waitFor();
      await page.keyboard.type("half a question");
      await page.keyboard.press("Escape");
      await page.getByRole("dialog").waitFor({ state: "hidden" });
      assert.ok(await launcher(page, "Open chat").evaluate((one) => one === one.getRootNode().activeElement));
      await page.keyboard.press("Enter");
      assert.equal(await page.frameLocator("iframe").getByLabel("Your question").inputValue(), "half a question");
    });
  });

  test("fills a phone's screen, and says when there is no token", async () => {
    await onSite({ lang: "zh", viewport: PHONE }, "embed-phone", async ({ page, site }) => {
      site.refuseNext(401);
      await page.goto(site.origin);
      await launcher(page, "打开对话").click();
      await page.getByRole("alert").getByText("请先登录再使用对话。").waitFor();
      await screenshot(page, "embed-phone-stranger");
      await page.getByRole("button", { name: "重试" }).click();
      await chat(page.frameLocator("iframe"), "zh").arrived();
      const box = await page.locator("section.panel").boundingBox();
      assert.deepEqual(box, { x: 0, y: 0, width: PHONE.width, height: PHONE.height });
      await screenshot(page, "embed-phone");
      await page.getByRole("button", { name: "关闭对话" }).first().click();
      await page.getByRole("dialog").waitFor({ state: "hidden" });
    });
  });

  test("marks an answer that came while the chat was closed, and forgets the person who left", async () => {
    await onSite({ lang: "en" }, "embed-news", async ({ page, site }) => {
      await page.goto(`${site.origin}/en`);
      await page.evaluate((question) => globalThis.Concierge.draft(question), QUESTION.en);
      const here = chat(page.frameLocator("iframe"), "en");
      await page.frameLocator("iframe").locator("textarea").filter({ hasText: QUESTION.en }).waitFor();
      await here.named("Send").click();
      await page.evaluate(() => globalThis.Concierge.close());
      await launcher(page, "Open chat, there is a new answer").click();
      await here.cited(here.finished().first());
      await page.evaluate(() => globalThis.Concierge.reset());
      assert.equal(await page.locator("iframe").count(), 0);
    });
  });
});

describe("messages", () => {
  test("lead the page, and tell of it", async () => {
    await onSite({ lang: "en" }, "host", async ({ page, site }) => {
      await page.goto(`${site.origin}/own`);
      const frame = page.frameLocator("iframe");
      const told = (type) =>
        page.waitForFunction((wanted) => globalThis.told.findLast((one) => one.type === wanted), type).then((one) => one.jsonValue());
      const say = (message) => page.evaluate((one) => globalThis.say(one), message);
      assert.deepEqual(await told("concierge:ready"), { type: "concierge:ready", signed_in: false });

      await say({ type: "concierge:token", token: "not a token" });
      await told("concierge:token-refused");
      await frame.getByRole("heading", { name: "This link cannot be used any more" }).waitFor();
      await say({ type: "concierge:token", token: await tokenOf("u-host") });
      const here = chat(frame, "en");
      await here.arrived();
      await here.cited(await here.ask(QUESTION.en));
      const opened = await told("concierge:session-opened");
      assert.match(opened.session_id, /^[0-9a-f-]{36}$/);
      const answered = await told("concierge:answered");
      assert.deepEqual(answered, { type: "concierge:answered", session_id: opened.session_id, state: "done" });

      await say({ type: "concierge:new-session" });
      await frame.getByRole("heading", { name: "How can I help?" }).waitFor();
      await say({ type: "concierge:open-session", session_id: opened.session_id });
      await here.cited(here.finished().first());
      await say({ type: "concierge:theme", theme: "dark" });
      await frame.locator("html[data-theme=dark]").waitFor();
      await say({ type: "concierge:language", language: "zh" });
      await chat(frame, "zh").arrived();
      await say({ type: "concierge:draft", text: "电池" });
      await frame.locator("textarea").filter({ hasText: "电池" }).waitFor();
      // a conversation that is not this person's leads to a new one
      await say({ type: "concierge:open-session", session_id: NOBODY });
      await frame.getByRole("heading", { name: "有什么可以帮您？" }).waitFor();
    });
  });

  test("that are malformed, or come from another window, change nothing", async () => {
    await onSite({ lang: "en" }, "host-stranger", async ({ page, site, watch }) => {
      await page.goto(`${site.origin}/own`);
      await page.waitForFunction(() => globalThis.told.length > 0);
      await page.evaluate((token) => globalThis.say({ type: "concierge:token", token }), await tokenOf("u-stranger"));
      const here = chat(page.frameLocator("iframe"), "en");
      await here.arrived();
      const before = watch.complaints.length;
      for (const message of [null, 7, "concierge:theme", {}, { type: "concierge:theme", theme: 1 }, { type: "concierge:language" }]) {
        await page.evaluate((one) => globalThis.say(one), message);
      }
      // the page's own window is not the one around it
      const frame = inside(page);
      await frame.evaluate(() => {
        window.postMessage({ type: "concierge:theme", theme: "dark" }, "*");
        window.postMessage({ type: "concierge:language", language: "zh" }, "*");
      });
      await page.evaluate(() => globalThis.say({ type: "concierge:draft", text: "the last one" }));
      await page.frameLocator("iframe").locator("textarea").filter({ hasText: "the last one" }).waitFor();
      assert.equal(await frame.evaluate(() => document.documentElement.dataset.theme), "light");
      assert.equal(await frame.evaluate(() => document.documentElement.lang), "en");
      assert.equal(watch.complaints.length, before);
    });
  });
});
