// Answers again, questions in other words, and what else is done with a conversation.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, describe, test } from "node:test";
import { chat, QUESTION } from "./chat.mjs";
import { asPerson, assertQuiet, baseUrl, enter, launch, screenshot } from "./stage.mjs";

const BASE = baseUrl();
const OTHER = "How long does charging take with the fast charger?";

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

async function arrive(page, lang = "en") {
  await enter(page, lang);
  const here = chat(page, lang);
  await here.arrived();
  return here;
}

/** Waits until `locator` says `text`. */
const says = (locator, text) => locator.getByText(text, { exact: true }).or(locator.filter({ hasText: text })).first().waitFor();

describe("an answer", () => {
  test("is written again, and each of them is kept", async () => {
    await asPerson(browser, { lang: "en" }, "again", async ({ page, watch }) => {
      const here = await arrive(page);
      const { words } = here;
      await here.cited(await here.ask(QUESTION.en));
      await here.named(words.again).click();
      await says(here.which(words.answers), "2/2");
      await here.cited(here.finished().first());
      await page.reload();
      await says(here.which(words.answers), "2/2");
      await here.named(words.before).click();
      await says(here.which(words.answers), "1/2");
      await here.cited(here.finished().first());
      await page.reload();
      await says(here.which(words.answers), "1/2");
      assertQuiet(watch, [BASE]);
    });
  });

  test("follows its question in other words, and the old branch with all that came after it is kept", async () => {
    await asPerson(browser, { lang: "en" }, "edit", async ({ page }) => {
      const here = await arrive(page);
      const { words } = here;
      await here.cited(await here.ask(QUESTION.en));
      await here.cited(await here.ask(QUESTION.zh));
      await here.named(words.edit).first().click();
      const field = page.getByLabel(words.editLabel);
      assert.equal(await field.inputValue(), QUESTION.en);
      await field.fill(OTHER);
      await field.press("Enter");
      await says(here.which(words.wordings), "2/2");
      await here.finished().first().waitFor();
      assert.equal(await here.finished().count(), 1);
      await here.named(words.before).click();
      await here.finished().nth(1).waitFor();
      await page.getByText(QUESTION.zh, { exact: true }).first().waitFor();
      await page.reload();
      await here.finished().nth(1).waitFor();
      await says(here.which(words.wordings), "1/2");
    });
  });

  test("is rated, with a reason, and the rating can be taken back", async () => {
    await asPerson(browser, { lang: "en" }, "rate", async ({ page }) => {
      const here = await arrive(page);
      const { words } = here;
      const pressed = (name) => page.getByRole("button", { name, exact: true, pressed: true });
      await here.cited(await here.ask(QUESTION.en));
      await here.named(words.bad).click();
      await page.getByLabel(words.why).fill("It left out the date.");
      await page.getByLabel(words.why).press("Enter");
      await page.getByLabel(words.why).waitFor({ state: "detached" });
      await page.reload();
      await pressed(words.bad).waitFor();
      await here.named(words.good).click();
      await pressed(words.good).waitFor();
      await here.named(words.good).click();
      await pressed(words.good).waitFor({ state: "detached" });
      await page.reload();
      await here.named(words.good).waitFor();
      assert.equal(await page.getByRole("button", { pressed: true }).count(), 0);
    });
  });

  test("is copied as Markdown, with its sources as footnotes", async () => {
    await asPerson(browser, { lang: "en" }, "copy", async ({ page, context }) => {
      await context.grantPermissions(["clipboard-read", "clipboard-write"]);
      const here = await arrive(page);
      await here.cited(await here.ask(QUESTION.en));
      await page.keyboard.press("Alt+KeyC");
      await here.named(here.words.copied).waitFor();
      const text = await page.evaluate(() => navigator.clipboard.readText());
      assert.match(text, /\[\^(\d)\][^]*\n\n\[\^\1\]: .+: “.+”/);
    });
  });

  test("that failed is asked for again, by the same question", async () => {
    await asPerson(browser, { lang: "en" }, "retry", async ({ page }) => {
      const here = await arrive(page);
      const refusal = { status: 503, code: "unavailable", detail: "", request_id: "r" };
      const ids = [];
      await page.route("**/api/v1/sessions/*/messages", (route) => {
        ids.push(route.request().postDataJSON()?.id);
        return ids.length === 1 ? route.fulfill({ status: 503, json: refusal }) : route.continue();
      });
      await here.send(QUESTION.en);
      await page.getByRole("alert").waitFor();
      await screenshot(page, "desk-en-refused");
      await here.named("Try again").click();
      await here.cited(here.finished().first());
      assert.equal(ids.length, 2);
      assert.equal(ids[0], ids[1]);
    });
  });
});

describe("a conversation", () => {
  test("is named by the server, and by the person, who has the last word", async () => {
    await asPerson(browser, { lang: "zh" }, "title", async ({ page }) => {
      const here = await arrive(page, "zh");
      await here.cited(await here.ask(QUESTION.zh));
      await here.session(QUESTION.zh).waitFor();
      await here.menu(here.words.rename);
      await page.getByLabel(here.words.titleLabel).fill("我的电池");
      await page.getByLabel(here.words.titleLabel).press("Enter");
      await page.getByRole("heading", { name: "我的电池" }).waitFor();
      await here.cited(await here.ask(QUESTION.en));
      await page.reload();
      await page.getByRole("heading", { name: "我的电池" }).waitFor();
    });
  });

  test("is set up by the person, before it begins and after", async () => {
    await asPerson(browser, { lang: "en" }, "settings", async ({ page, watch }) => {
      const here = await arrive(page);
      const { words } = here;
      await here.menu(words.settings);
      await page.getByLabel(words.topK).fill("21");
      await page.getByText("From 1 to 20.").waitFor();
      assert.ok(await here.named(words.save).isDisabled());
      await page.getByLabel(words.topK).fill("1");
      await here.named(words.save).click();
      await here.named(words.save).waitFor({ state: "detached" });
      const answer = await here.ask(QUESTION.en);
      await here.cited(answer);
      assert.equal(await page.locator(".source").count(), 1, "more than one passage was read");
      await page.reload();
      await here.finished().first().waitFor();
      await here.menu(words.settings);
      assert.equal(await page.getByLabel(words.topK).inputValue(), "1");
      await page.getByLabel(words.temperature).fill("0.7");
      await here.named(words.save).click();
      await here.named(words.save).waitFor({ state: "detached" });
      await here.menu(words.settings);
      assert.equal(await page.getByLabel(words.temperature).inputValue(), "0.7");
      assertQuiet(watch, [BASE]);
    });
  });

  test("is saved as Markdown and as JSON", async () => {
    await asPerson(browser, { lang: "zh" }, "export", async ({ page }) => {
      const here = await arrive(page, "zh");
      await here.cited(await here.ask(QUESTION.zh));
      const save = async (item) => {
        const [file] = await Promise.all([page.waitForEvent("download"), here.menu(item)]);
        return { name: file.suggestedFilename(), text: await readFile(await file.path(), "utf8") };
      };
      const markdown = await save(here.words.exportMarkdown);
      assert.match(markdown.name, /\.md$/);
      assert.ok(markdown.text.includes(QUESTION.zh) && /\[\^1\]:/.test(markdown.text), markdown.text);
      const { name, text } = await save(here.words.exportJson);
      assert.match(name, /\.json$/);
      assert.equal(JSON.parse(text).messages[0].content, QUESTION.zh);
    });
  });

  test("is found by its words, in either language", async () => {
    await asPerson(browser, { lang: "en" }, "search", async ({ page, watch }) => {
      const here = await arrive(page);
      const { words } = here;
      await here.cited(await here.ask(QUESTION.zh));
      await here.named(words.newChat).first().click();
      await here.cited(await here.ask(QUESTION.en));
      await page.keyboard.press("Alt+KeyK");
      await page.keyboard.type("保修");
      const found = page.getByRole("region", { name: "Search results" });
      await found.locator("mark").filter({ hasText: "保修" }).first().waitFor();
      await screenshot(page, "desk-en-search");
      await found.getByRole("button").first().click();
      await page.getByRole("group", { name: "Conversation" }).getByText(QUESTION.zh, { exact: true }).waitFor();
      await page.getByRole("searchbox").fill("charge cycles");
      await found.locator("mark").filter({ hasText: /charge/i }).first().waitFor();
      await page.getByRole("searchbox").fill("zebra crossing");
      await found.getByText(words.nothingFound).waitFor();
      await page.getByRole("searchbox").press("Escape");
      await here.session(QUESTION.zh).or(page.locator(".session-open")).first().waitFor();
      assertQuiet(watch, [BASE]);
    });
  });
});

describe("the keyboard", () => {
  test("reaches everything, and says how", async () => {
    await asPerson(browser, { lang: "en" }, "keys", async ({ page }) => {
      const here = await arrive(page);
      await here.cited(await here.ask(QUESTION.en));
      await page.keyboard.press("Alt+Slash");
      await page.getByRole("heading", { name: here.words.help }).waitFor();
      await screenshot(page, "desk-en-help");
      await page.getByLabel(here.words.dark, { exact: true }).check();
      await page.locator("html[data-theme=dark]").waitFor();
      await page.keyboard.press("Escape");
      await page.getByRole("heading", { name: here.words.help }).waitFor({ state: "hidden" });
      await page.reload();
      await page.locator("html[data-theme=dark]").waitFor();
      await here.arrived();
      await page.keyboard.press("Alt+KeyN");
      await page.getByRole("heading", { name: "How can I help?" }).waitFor();
      // a line break, then words of an input method, then the question
      await page.keyboard.press("Alt+KeyI");
      await page.keyboard.type("one");
      await page.keyboard.press("Shift+Enter");
      await page.keyboard.type("two");
      assert.equal(await page.getByLabel(here.words.question, { exact: true }).inputValue(), "one\ntwo");
      await page.locator("textarea:focus").waitFor();
    });
  });
});
