// Walks through the chat page as its users do, against a running server.
//   BASE_URL=http://127.0.0.1:8080 DEMO_CODE=… CONCIERGE_BROWSER=/usr/bin/chromium node --test walk.mjs
import assert from "node:assert/strict";
import http from "node:http";
import { after, before, describe, test } from "node:test";
import { chat } from "./chat.mjs";
import { cuttingProxy } from "./cutting-proxy.mjs";
import { asPerson, baseUrl, demoPath, launch, PHONE, screenshot } from "./stage.mjs";

const ZH = "电池保修多久？";
const EN = "How long is the battery under warranty?";
const BASE = baseUrl();

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

/** Ask, open the citation, reload, ask in English, delete: the whole of a visit. */
async function visit(at, reload, lang) {
  const page = chat(at(), lang);
  await page.arrived();
  const answer = await page.ask(ZH);
  assert.ok((await page.chips(answer).count()) >= 1, "the answer cites nothing");
  const { text, seen } = await page.openCitation(answer);
  assert.match(text, /24/, "the marked passage is not the one about 24 months");
  assert.ok(seen, "the marked passage is not in view");
  await page.closeSheet();
  const told = await answer.innerText();

  await reload();
  const again = chat(at(), lang);
  await again.finished().first().waitFor();
  await again.chips(again.finished().first()).first().waitFor();
  assert.equal(await again.finished().first().innerText(), told, "the answer is another one after the reload");
  await again.session(ZH).waitFor();

  const english = await again.ask(EN);
  assert.ok((await again.chips(english).count()) >= 1, "the English answer cites nothing");
  assert.match(await english.innerText(), /24/);

  await again.remove(ZH);
  await reload();
  await chat(at(), lang).arrived();
  await at().getByText(page.words.noSessions).waitFor();
  assert.equal(await at().locator("article").count(), 0, "the deleted conversation is still shown");
}

function assertQuiet(watch, origins) {
  assert.deepEqual(watch.complaints, [], "the console is not clean");
  assert.deepEqual([...watch.origins].sort(), [...origins].sort(), "a request left for another host");
}

describe("the chat page", () => {
  test("a visit, from the demo link to the deleted conversation", async () => {
    await asPerson(browser, { lang: "zh" }, "visit", async ({ page, watch }) => {
      await page.goto(BASE + demoPath("zh"));
      await chat(page, "zh").arrived();
      assert.doesNotMatch(page.url(), /token/, "the token stayed in the address");
      await visit(
        () => page,
        () => page.reload(),
        "zh",
      );
      assertQuiet(watch, [BASE]);
    });
  });

  test("the same inside a frame of another site", async () => {
    const host = await hostPage(`${BASE}${demoPath("zh")}`);
    try {
      await asPerson(browser, { lang: "zh" }, "frame", async ({ page, watch }) => {
        await page.goto(host.origin);
        const frame = () => page.frames().find((one) => one.parentFrame() !== null);
        await page.frameLocator("iframe").getByLabel("您的问题").waitFor();
        await visit(frame, () => reloadFrame(page, frame()), "zh");
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
        await inside.getByLabel("Your question").fill(EN);
        await inside.getByLabel("Your question").press("Enter");
        await inside.getByRole("heading", { name: "Your session has ended" }).waitFor();
        const told = await page.evaluate(() => globalThis.told);
        assert.equal(told.length, 1);
        assert.equal(told[0].type, "concierge:session-ended");
        assert.ok(told[0].client_id);
      });
    } finally {
      await host.close();
    }
  });

  test("an answer cut in its middle still comes whole", async () => {
    const proxy = await cuttingProxy(BASE);
    try {
      await asPerson(browser, { lang: "zh" }, "cut", async ({ page }) => {
        const demo = await fetch(BASE + demoPath("zh"), { redirect: "manual" });
        const entry = new URL(demo.headers.get("location"), BASE);
        await page.goto(proxy.origin + entry.pathname + entry.search);
        const here = chat(page, "zh");
        await here.arrived();
        const answer = await here.ask(ZH);
        assert.equal(proxy.seen.cuts, 1, "the proxy had nothing to cut");
        assert.equal(proxy.seen.resumes.length, 1, "the page did not pick the stream up again");
        assert.ok(proxy.seen.resumes[0], "the page did not say where it had stopped");
        assert.ok((await here.chips(answer).count()) >= 1);
        const told = await answer.locator(".md").innerText();
        await page.reload();
        await here.finished().first().locator(".md").waitFor();
        const stored = here.finished().first();
        await here.chips(stored).first().waitFor();
        assert.equal(told, await stored.locator(".md").innerText(), "what was shown is not what is stored");
      });
    } finally {
      await proxy.close();
    }
  });

  for (const lang of ["zh", "en"]) {
    for (const scheme of ["light", "dark"]) {
      test(`fits a phone and a desk: ${lang}, ${scheme}`, async () => {
        await asPerson(browser, { lang, scheme, viewport: PHONE }, `phone-${lang}-${scheme}`, async ({ page, watch }) => {
          await page.goto(BASE + demoPath(lang));
          await phoneTour(page, lang, `${lang}-${scheme}`);
          assertQuiet(watch, [BASE]);
        });
        await asPerson(browser, { lang, scheme }, `desk-${lang}-${scheme}`, async ({ page, watch }) => {
          await page.goto(BASE + demoPath(lang));
          await deskTour(page, lang, `${lang}-${scheme}`);
          assertQuiet(watch, [BASE]);
        });
      });
    }
  }
});

async function phoneTour(page, lang, name) {
  const here = chat(page, lang);
  const look = async (what) => {
    const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(over <= 0, `${what} is ${over} px wider than the phone`);
    await screenshot(page, `phone-${name}-${what}`);
  };
  await here.arrived();
  await look("welcome");
  const answer = await here.ask(lang === "zh" ? ZH : EN);
  await here.chips(answer).first().waitFor();
  await look("answer");
  await here.openCitation(answer);
  await look("citation");
  await here.closeSheet();
  await page.getByRole("button", { name: here.words.openSessions }).click();
  await here.session(lang === "zh" ? ZH : EN).waitFor();
  await look("conversations");
  await page.getByRole("button", { name: here.words.knowledge, exact: true }).click();
  await page.getByRole("dialog").getByRole("heading", { name: here.words.knowledge }).waitFor();
  await look("knowledge");
}

async function deskTour(page, lang, name) {
  const here = chat(page, lang);
  await here.arrived();
  await screenshot(page, `desk-${name}-welcome`);
  const answer = await here.ask(lang === "zh" ? ZH : EN);
  await here.chips(answer).first().waitFor();
  await screenshot(page, `desk-${name}-answer`);
  await here.openCitation(answer);
  await screenshot(page, `desk-${name}-citation`);
  await here.closeSheet();
  await page.getByRole("button", { name: here.words.other }).click();
  await chat(page, lang === "zh" ? "en" : "zh").arrived();
}

/** Reloads the frame only: reloading the page around it would follow the demo link anew. */
async function reloadFrame(page, frame) {
  const navigated = page.waitForEvent("framenavigated", (one) => one === frame);
  await frame.evaluate(() => location.reload());
  await navigated;
}

/** A page of another site (localhost is not 127.0.0.1) with the chat in a frame. */
async function hostPage(src) {
  const html = `<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><title>host</title>
    <script>globalThis.told = []; addEventListener("message", (event) => told.push(event.data));</script>
    <iframe src="${src.replaceAll("&", "&amp;")}" style="width:1200px;height:760px;border:0"></iframe>`;
  const server = http.createServer((_, response) => {
    response.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end(html);
  });
  await new Promise((resolve) => server.listen(0, "localhost", resolve));
  const close = () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  };
  return { origin: `http://localhost:${server.address().port}`, close };
}
