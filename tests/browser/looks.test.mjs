// The page on a phone and on a desk, in both languages and both schemes; leaves pictures in artifacts/.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { chat, QUESTION } from "./chat.mjs";
import { asPerson, assertQuiet, baseUrl, enter, launch, PHONE, screenshot } from "./stage.mjs";

const BASE = baseUrl();

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

async function look(page, name) {
  const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok(over <= 0, `${name} is ${over} px wider than the screen`);
  await screenshot(page, name);
}

/** What is done with an answer and its conversation; ends where it began. */
async function turnsTour(page, here, name) {
  const { words } = here;
  await here.named(words.again).click();
  await here.which(words.answers).filter({ hasText: "2/2" }).waitFor();
  await here.cited(here.finished().first());
  await here.named(words.bad).click();
  await page.getByLabel(words.why).waitFor();
  await look(page, `${name}-rated`);
  await page.getByLabel(words.why).press("Escape");
  await here.named(words.edit).click();
  await look(page, `${name}-edit`);
  await page.getByLabel(words.editLabel).press("Escape");
  await here.named(words.menu).click();
  await page.getByRole("menuitem", { name: words.settings }).waitFor();
  await look(page, `${name}-menu`);
  await page.getByRole("menuitem", { name: words.settings }).click();
  await page.getByLabel(words.temperature).fill("9");
  await page.getByRole("alert").first().waitFor();
  await look(page, `${name}-settings`);
  await here.closeSheet();
  await here.menu(words.help);
  await page.getByLabel(words.dark, { exact: true }).waitFor();
  await look(page, `${name}-help`);
  await here.closeSheet();
}

async function phoneTour(page, lang, name) {
  const here = chat(page, lang);
  await here.arrived();
  await page.locator(".welcome-base").first().waitFor();
  await look(page, `${name}-welcome`);
  const answer = await here.ask(QUESTION[lang]);
  await here.cited(answer);
  await look(page, `${name}-answer`);
  await turnsTour(page, here, name);
  const { seen } = await here.openCitation(answer);
  assert.ok(seen, "the marked passage is not in view");
  await look(page, `${name}-citation`);
  await here.closeSheet();
  await here.named(here.words.openSessions).click();
  await here.session(QUESTION[lang]).waitFor();
  await look(page, `${name}-conversations`);
  await here.named(here.words.knowledge).click();
  await page.getByRole("dialog").getByRole("heading", { name: here.words.knowledge }).waitFor();
  await page.locator(".base").first().waitFor();
  await look(page, `${name}-knowledge`);
}

async function deskTour(page, lang, name) {
  const here = chat(page, lang);
  await here.arrived();
  await page.locator(".welcome-base").first().waitFor();
  await look(page, `${name}-welcome`);
  const answer = await here.ask(QUESTION[lang]);
  await here.cited(answer);
  await look(page, `${name}-answer`);
  await turnsTour(page, here, name);
  await here.openCitation(answer);
  // on a desk the document stands beside the answer, which stays in use
  assert.ok(await here.chips(answer).first().isVisible());
  await here.chips(answer).last().click();
  await look(page, `${name}-citation`);
  await here.closeSheet();
  await here.named(here.words.other).click();
  await chat(page, lang === "zh" ? "en" : "zh").arrived();
}

describe("the page fits", () => {
  for (const lang of ["zh", "en"]) {
    for (const scheme of ["light", "dark"]) {
      test(`a phone: ${lang}, ${scheme}`, async () => {
        const name = `phone-${lang}-${scheme}`;
        await asPerson(browser, { lang, scheme, viewport: PHONE }, name, async ({ page, watch }) => {
          await enter(page, lang);
          await phoneTour(page, lang, name);
          assertQuiet(watch, [BASE]);
        });
      });

      test(`a desk: ${lang}, ${scheme}`, async () => {
        const name = `desk-${lang}-${scheme}`;
        await asPerson(browser, { lang, scheme }, name, async ({ page, watch }) => {
          await enter(page, lang);
          await deskTour(page, lang, name);
          assertQuiet(watch, [BASE]);
        });
      });
    }
  }
});

const LOCKED = fileURLToPath(new URL("../fixtures/pdf/user-password.pdf", import.meta.url));
const REFUSALS = {
  zh: { address: "提交的内容未被接受", file: "不支持这种文件", unread: "无法读取这份文档" },
  en: { address: "This was not accepted", file: "This kind of file is not supported", unread: "This document could not be read" },
};

describe("what goes wrong is said", () => {
  for (const lang of ["zh", "en"]) {
    test(`in the language of the page: ${lang}`, async () => {
      const name = `phone-${lang}-refusals`;
      await asPerson(browser, { lang, viewport: PHONE }, name, async ({ page }) => {
        await enter(page, lang);
        const here = chat(page, lang);
        await here.arrived();
        await here.named(here.words.openSessions).click();
        await here.named(here.words.knowledge).click();
        const files = page.getByRole("dialog").locator("input[type=file]");
        await files.setInputFiles(LOCKED);
        await here.document("user-password.pdf").getByText(REFUSALS[lang].unread).waitFor();
        await files.setInputFiles({ name: "photo.xyz", mimeType: "application/octet-stream", buffer: Buffer.from([1, 2, 3]) });
        await page.getByRole("alert").filter({ hasText: REFUSALS[lang].file }).waitFor();
        await page.getByLabel(here.words.address).fill("http://127.0.0.1/secret.md");
        await here.named(here.words.addAddress).click();
        const refused = page.getByRole("alert").filter({ hasText: REFUSALS[lang].address });
        // the server's own words stand apart, marked as English
        await refused.locator("[lang=en]").getByText("not public").waitFor();
        await look(page, name);
      });
    });
  }
});
