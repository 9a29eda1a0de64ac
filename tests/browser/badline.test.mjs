// Answers over a bad line: what was sent is asked once, and what was answered is shown whole.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { chat, QUESTION } from "./chat.mjs";
import { holdingProxy } from "./holding-proxy.mjs";
import { asPerson, baseUrl, enter, entryAt, launch } from "./stage.mjs";

const BASE = baseUrl();

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

/** A person on a bad line, arrived at the page. */
async function onBadLine(trouble, name, walk) {
  const proxy = await holdingProxy(BASE, trouble);
  try {
    await asPerson(browser, { lang: "zh" }, name, async ({ page }) => {
      await page.goto(await entryAt(proxy.origin, "zh"));
      const here = chat(page, "zh");
      await here.arrived();
      await walk({ page, here, proxy });
    });
  } finally {
    await proxy.close();
  }
}

/** Waits for the first words on the screen: nothing after them has left the proxy. */
async function firstWords({ here, proxy }) {
  await proxy.held;
  const words = here.running().locator(".md");
  await words.filter({ hasText: /\S/ }).waitFor();
  return words.innerText();
}

/** What is on the screen is what the server has. */
async function assertStored(page, here, told) {
  await page.reload();
  await here.finished().first().waitFor();
  assert.equal(await here.cited(here.finished().first()), told, "what was shown is not what is stored");
  assert.equal(await here.finished().count(), 1, "the question was asked more than once");
}

describe("on a bad line", () => {
  test("an answer cut in its middle is picked up where it was cut", async () => {
    await onBadLine("hold", "cut", async (scene) => {
      const { page, here, proxy } = scene;
      await here.send(QUESTION.zh);
      const begun = await firstWords(scene);
      proxy.cut();
      const told = await here.cited(here.finished());
      assert.ok(told.startsWith(begun) && told.length > begun.length, `"${begun}" did not grow into "${told}"`);
      assert.equal(proxy.seen.asked.length, 1, "the question was sent again although its answer had begun");
      assert.equal(proxy.seen.resumes.length, 1, "the stream was not picked up exactly once");
      assert.ok(proxy.seen.resumes[0], "the page did not say where it had stopped");
      await assertStored(page, here, told);
    });
  });

  test("a question whose answer never came is asked once", async () => {
    await onBadLine("swallow", "swallowed", async ({ page, here, proxy }) => {
      const told = await here.cited(await here.ask(QUESTION.zh));
      assert.ok(proxy.seen.asked.length > 1, "the proxy had nothing to swallow");
      assert.equal(new Set(proxy.seen.asked).size, 1, "the question was sent under another id");
      await assertStored(page, here, told);
    });
  });

  test("a part of the page that cannot be had leaves the rest in use", async () => {
    await asPerson(browser, { lang: "zh" }, "part", async ({ page }) => {
      await enter(page, "zh");
      const here = chat(page, "zh");
      await page.route("**/assets/CitationSheet-*.js", (route) => route.fulfill({ status: 404, body: "" }));
      const answer = await here.ask(QUESTION.zh);
      await here.chips(answer).first().click();
      await page.getByRole("alert").filter({ hasText: here.words.missingPart }).waitFor();
      await here.cited(await here.ask(QUESTION.en));
      await page.unroute("**/assets/CitationSheet-*.js");
      await here.named(here.words.reload).click();
      await here.finished().nth(1).waitFor();
      assert.match((await here.openCitation(here.finished().first())).text, /24/);
    });
  });

  test("stopping works while the stream hangs", async () => {
    await onBadLine("hold", "stopped", async (scene) => {
      const { page, here, proxy } = scene;
      await here.send(QUESTION.zh);
      await firstWords(scene);
      await here.named(here.words.stop).click();
      // the server may long have finished what the line withheld: then stopping shows it
      const told = await here.cited(here.finished());
      assert.equal(proxy.seen.resumes.length, 0);
      await assertStored(page, here, told);
    });
  });
});
