// Documents of one's own: added, asked about, left out of a conversation, deleted.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { chat, QUESTION } from "./chat.mjs";
import { asPerson, enter, launch } from "./stage.mjs";

const NAME = "lighthouse.md";
const TEXT = "# Lighthouse\n\nThe lighthouse of Port Quillon has 217 steps and was painted green in spring.\n";
const ASKED = "How many steps does the lighthouse of Port Quillon have?";

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

async function arrive(page) {
  await enter(page, "en");
  const here = chat(page, "en");
  await here.arrived();
  return here;
}

/** Adds the document and waits until it can be found. */
async function addOwn(page, here) {
  await here.openKnowledge();
  const file = { name: NAME, mimeType: "text/markdown", buffer: Buffer.from(TEXT) };
  await page.getByRole("dialog").locator("input[type=file]").setInputFiles(file);
  await here.document(NAME).getByText(here.words.ready).waitFor();
}

describe("documents of one's own", () => {
  test("are asked about, and deleted", async () => {
    await asPerson(browser, { lang: "en" }, "own", async ({ page }) => {
      const here = await arrive(page);
      await addOwn(page, here);
      await here.closeSheet();
      const answer = await here.ask(ASKED);
      assert.match(await here.cited(answer), /217/);
      const { text } = await here.openCitation(answer);
      assert.match(text, /217 steps/);
      await here.closeSheet();

      await here.openKnowledge();
      await here.named(here.words.openDocuments(here.words.ownDocuments)).click();
      await here.removeDocument(NAME);
      await page.getByText(here.words.noDocuments).waitFor();
      await here.closeSheet();
      assert.doesNotMatch(await (await here.ask(ASKED)).innerText(), /217/, "a deleted document still answers");
    });
  });

  test("are not fetched from inside the server's own network", async () => {
    await asPerson(browser, { lang: "en" }, "address", async ({ page }) => {
      const here = await arrive(page);
      await addOwn(page, here);
      await page.getByLabel(here.words.address).fill("http://127.0.0.1/secret.md");
      await here.named(here.words.addAddress).click();
      const refusal = page.getByRole("alert").filter({ hasText: "http://127.0.0.1/secret.md" });
      await refusal.waitFor();
      assert.match(await refusal.innerText(), /not public/, "the reason is not told");
      assert.equal(await page.getByRole("dialog").getByRole("listitem").count(), 1);
    });
  });
});

describe("a conversation under way", () => {
  test("can leave a knowledge base out and take it in again", async () => {
    await asPerson(browser, { lang: "en" }, "scope", async ({ page }) => {
      const here = await arrive(page);
      await addOwn(page, here);
      await here.closeSheet();
      assert.match(await here.cited(await here.ask(ASKED)), /217/);

      const { ownDocuments, everything, oneBase } = here.words;
      await here.openKnowledge();
      await page.getByRole("checkbox", { name: ownDocuments, exact: true }).uncheck();
      await here.closeSheet();
      await here.named(oneBase).waitFor();
      assert.doesNotMatch(await (await here.ask(ASKED)).innerText(), /217/, "a base that was left out still answers");

      await page.reload();
      await here.named(oneBase).click();
      await page.getByRole("checkbox", { name: everything }).check();
      await here.closeSheet();
      await here.named(oneBase).waitFor({ state: "detached" });
      assert.match(await here.cited(await here.ask(ASKED)), /217/);
    });
  });

  test("can lose a single question with its answer", async () => {
    await asPerson(browser, { lang: "en" }, "turn", async ({ page }) => {
      const here = await arrive(page);
      await here.ask(QUESTION.zh);
      await here.ask(QUESTION.en);
      await here.removeTurn(here.finished().first());
      await page.reload();
      await here.finished().first().waitFor();
      assert.equal(await here.finished().count(), 1);
      const transcript = page.getByRole("group", { name: "Conversation" });
      await transcript.getByText(QUESTION.en, { exact: true }).waitFor();
      assert.equal(await transcript.getByText(QUESTION.zh, { exact: true }).count(), 0);
    });
  });
});
