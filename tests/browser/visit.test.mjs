// A whole visit, as a page of its own and inside a frame of another site.
//   BASE_URL=http://127.0.0.1:8080 DEMO_CODE=… CONCIERGE_BROWSER=/usr/bin/chromium node --test visit.test.mjs
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { chat, QUESTION } from "./chat.mjs";
import { hostPage } from "./host.mjs";
import { asPerson, assertQuiet, baseUrl, demoPath, enter, launch } from "./stage.mjs";

const BASE = baseUrl();

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

/** Ask, open the citation, reload, ask in English, delete. */
async function visit(at, reload) {
  const page = chat(at(), "zh");
  await page.arrived();
  const answer = await page.ask(QUESTION.zh);
  const told = await page.cited(answer);
  const { text, seen } = await page.openCitation(answer);
  assert.match(text, /24/, "the marked passage is not the one about 24 months");
  assert.ok(seen, "the marked passage is not in view");
  await page.closeSheet();

  await reload();
  const again = chat(at(), "zh");
  await again.finished().first().waitFor();
  assert.equal(await again.cited(again.finished().first()), told, "the answer is another one after the reload");
  await again.session(QUESTION.zh).waitFor();

  const english = await again.ask(QUESTION.en);
  assert.match(await again.cited(english), /24 months/);

  await again.remove(QUESTION.zh);
  await reload();
  await chat(at(), "zh").arrived();
  await at().getByText(page.words.noSessions).waitFor();
  assert.equal(await at().locator("article").count(), 0, "the deleted conversation is still shown");
}

describe("a visit", () => {
  test("from the demo link to the deleted conversation", async () => {
    await asPerson(browser, { lang: "zh" }, "visit", async ({ page, watch }) => {
      await enter(page, "zh");
      await chat(page, "zh").arrived();
      assert.doesNotMatch(page.url(), /token/, "the token stayed in the address");
      await visit(
        () => page,
        () => page.reload(),
      );
      assertQuiet(watch, [BASE]);
    });
  });

  test("inside a frame of another site", async () => {
    const host = await hostPage(`${BASE}${demoPath("zh")}`);
    try {
      await asPerson(browser, { lang: "zh" }, "frame", async ({ page, watch }) => {
        await page.goto(host.origin);
        const frame = () => page.frames().find((one) => one.parentFrame() !== null);
        await page.frameLocator("iframe").getByLabel("您的问题").waitFor();
        await visit(frame, () => reloadFrame(page, frame()));
        assertQuiet(watch, [BASE, host.origin]);
      });
    } finally {
      await host.close();
    }
  });

  test("tells the page around it when the session ends", async () => {
    const host = await hostPage(`${BASE}${demoPath("en")}`);
    try {
      await asPerson(browser, { lang: "en" }, "ended", async ({ page }) => {
        await page.goto(host.origin);
        const inside = page.frameLocator("iframe");
        await inside.getByLabel("Your question").waitFor();
        await page.route(`${BASE}/api/v1/**`, (route) =>
          route.fulfill({ status: 401, json: { status: 401, code: "unauthenticated", detail: "", request_id: "r" } }),
        );
        await inside.getByLabel("Your question").fill(QUESTION.en);
        await inside.getByLabel("Your question").press("Enter");
        await inside.getByRole("heading", { name: "Your session has ended" }).waitFor();
        const told = await page.evaluate(() => globalThis.told.filter(({ type }) => type === "concierge:session-ended"));
        assert.equal(told.length, 1);
        assert.ok(told[0].client_id);
      });
    } finally {
      await host.close();
    }
  });
});

/** Reloads the frame only: reloading the page around it would follow the demo link anew. */
async function reloadFrame(page, frame) {
  const navigated = page.waitForEvent("framenavigated", (one) => one === frame);
  await frame.evaluate(() => location.reload());
  await navigated;
}
