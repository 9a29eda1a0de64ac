// Where answers come from: the page of a PDF as a picture, documents attached to a question, suggested questions.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { chat } from "./chat.mjs";
import { asPerson, assertQuiet, baseUrl, enter, launch, PHONE, screenshot } from "./stage.mjs";

const BASE = baseUrl();
const PAGED = "保修范围不包括哪些情况？";
const LOCKED = fileURLToPath(new URL("../fixtures/pdf/user-password.pdf", import.meta.url));
const NOTE = {
  name: "harbour.md",
  mimeType: "text/markdown",
  buffer: Buffer.from("# Harbour\n\nThe harbour of Port Quillon is 41 metres deep and was dug in 1873.\n"),
};
const ASKED = "How deep is the harbour of Port Quillon?";

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

async function arrive(page, lang) {
  await enter(page, lang);
  const here = chat(page, lang);
  await here.arrived();
  return here;
}

function crc32(data) {
  let crc = -1;
  for (const byte of data) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

/** An archive of stored files, which is all that a test of archives needs. */
function zipOf(files) {
  const parts = [];
  const directory = [];
  let offset = 0;
  for (const [name, text] of Object.entries(files)) {
    const [path, data] = [Buffer.from(name), Buffer.from(text)];
    const fields = Buffer.alloc(26);
    fields.writeUInt16LE(20, 0);
    fields.writeUInt32LE(crc32(data), 10);
    fields.writeUInt32LE(data.length, 14);
    fields.writeUInt32LE(data.length, 18);
    fields.writeUInt16LE(path.length, 22);
    parts.push(Buffer.from("PK\x03\x04"), fields, path, data);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(offset, 10);
    directory.push(Buffer.from("PK\x01\x02\x14\x00"), fields, rest, path);
    offset += 30 + path.length + data.length;
  }
  const listed = Buffer.concat(directory);
  const end = Buffer.alloc(18);
  const count = Object.keys(files).length;
  end.writeUInt16LE(count, 4);
  end.writeUInt16LE(count, 6);
  end.writeUInt32LE(listed.length, 8);
  end.writeUInt32LE(offset, 12);
  return Buffer.concat([...parts, listed, Buffer.from("PK\x05\x06"), end]);
}

const attach = (page, files) => page.locator(".composer input[type=file]").setInputFiles(files);

describe("the page of a PDF", () => {
  for (const [device, viewport] of [["desk"], ["phone", PHONE]]) {
    test(`is shown above the words that are cited, and enlarged: ${device}`, async () => {
      await asPerson(browser, { lang: "zh", ...(viewport && { viewport }) }, `page-${device}`, async ({ page, watch }) => {
        const here = await arrive(page, "zh");
        const { words } = here;
        await here.openCitation(await here.ask(PAGED));
        const picture = page.locator(".page-open img");
        await picture.waitFor();
        // it is a picture of the page, not an empty frame
        const size = await picture.evaluate((img) => img.decode().then(() => [img.naturalWidth, img.naturalHeight]));
        assert.ok(size[0] === 1400 && size[1] > 1400, `the picture has ${size}`);
        await page.getByTestId("cited-text").first().waitFor();
        await screenshot(page, `${device}-zh-page`);
        await here.named(words.enlarge(2)).first().click();
        const large = page.locator("dialog.page-large");
        await large.waitFor();
        const wide = await large.locator("img").evaluate((img) => img.getBoundingClientRect().width);
        assert.ok(wide >= 900, `the enlarged page is only ${wide} px wide`);
        await screenshot(page, `${device}-zh-page-large`);
        await page.keyboard.press("Escape");
        await large.waitFor({ state: "detached" });
        await here.named("下一页").click();
        await page.getByText("第 3 页", { exact: true }).first().waitFor();
        await picture.waitFor();
        assertQuiet(watch, [BASE]);
      });
    });
  }
});

describe("a document attached to a question", () => {
  test("is waited for, and answers it", async () => {
    await asPerson(browser, { lang: "en" }, "attach", async ({ page }) => {
      const here = await arrive(page, "en");
      const { words } = here;
      // the document is held back, so that the question certainly has something to wait for
      let letGo;
      const held = new Promise((resolve) => (letGo = resolve));
      await page.route("**/knowledge-bases/*/documents*", async (route) => {
        if (route.request().method() === "POST") await held;
        await route.continue();
      });
      await attach(page, NOTE);
      await page.getByRole("list", { name: words.attached }).getByText(NOTE.name).waitFor();
      await here.send(ASKED);
      await page.getByText(words.waiting).waitFor();
      await screenshot(page, "desk-en-attached");
      assert.equal(await page.locator("article").count(), 0, "the question did not wait");
      letGo();
      const answer = here.finished().first();
      assert.match(await here.cited(answer), /41/);
      assert.equal(await page.getByRole("list", { name: words.attached }).count(), 0);
      const { text } = await here.openCitation(answer);
      assert.match(text, /41 metres/);
    });
  });

  test("that cannot be read says so, and the question stays", async () => {
    await asPerson(browser, { lang: "zh", viewport: PHONE }, "attach-locked", async ({ page }) => {
      const here = await arrive(page, "zh");
      const { words } = here;
      await attach(page, LOCKED);
      await here.send(ASKED);
      const one = page.getByRole("list", { name: words.attached }).getByRole("listitem");
      await one.getByRole("alert").waitFor();
      await screenshot(page, "phone-zh-attached-locked");
      assert.equal(await page.getByLabel(words.question, { exact: true }).inputValue(), ASKED);
      assert.equal(await page.locator("article").count(), 0);
      await here.named(words.detach("user-password.pdf")).click();
      await here.named(words.send).click();
      await here.finished().first().waitFor();
    });
  });

  test("can be dropped or pasted", async () => {
    await asPerson(browser, { lang: "en" }, "drop", async ({ page }) => {
      const here = await arrive(page, "en");
      await here.named(here.words.attach).waitFor();
      await page.locator(".composer").evaluate((form) => {
        const data = new DataTransfer();
        data.items.add(new File(["# Pier\n\nThe pier of Port Quillon is 88 metres long.\n"], "pier.md", { type: "text/markdown" }));
        form.dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
      });
      await page.getByRole("list", { name: here.words.attached }).getByText(here.words.ready).waitFor();
      assert.match(await here.cited(await here.ask("How long is the pier of Port Quillon?")), /88/);
    });
  });
});

describe("an archive", () => {
  test("is opened, and each of its files has a result of its own", async () => {
    await asPerson(browser, { lang: "zh", viewport: PHONE }, "archive", async ({ page }) => {
      const here = await arrive(page, "zh");
      const { words } = here;
      await here.named(words.openSessions).click();
      await here.named(words.knowledge).click();
      const buffer = zipOf({ "notes/pier.md": "# Pier\n\nThe pier is 88 metres long.\n", "photo.xyz": "?" });
      const files = page.getByRole("dialog").locator("input[type=file]");
      await files.setInputFiles({ name: "harbour.zip", mimeType: "application/zip", buffer });
      await here.document("pier.md").getByText(words.ready).waitFor();
      await page.getByRole("alert").filter({ hasText: "photo.xyz" }).waitFor();
      await screenshot(page, "phone-zh-archive");
    });
  });
});

describe("a document of the same name", () => {
  test("is refused, and replaces the old one when that is wanted", async () => {
    await asPerson(browser, { lang: "en" }, "replace", async ({ page }) => {
      const here = await arrive(page, "en");
      const { words } = here;
      await here.openKnowledge();
      const files = page.getByRole("dialog").locator("input[type=file]");
      await files.setInputFiles(NOTE);
      await here.document(NOTE.name).getByText(words.ready).waitFor();
      const newer = Buffer.from(NOTE.buffer.toString().replace("41", "52"));
      await files.setInputFiles({ ...NOTE, buffer: newer });
      await here.named("Replace it").click();
      await page.getByRole("alert").waitFor({ state: "detached" });
      await here.document(NOTE.name).getByText(words.ready).waitFor();
      await here.closeSheet();
      // the old version answers until the new one is ready
      for (let tries = 0; ; tries += 1) {
        const told = await here.cited(await here.ask(ASKED));
        if (/52/.test(told)) break;
        assert.ok(tries < 20, `the old document still answers: ${told}`);
      }
    });
  });
});

describe("suggested questions", () => {
  test("of a base are asked with one touch", async () => {
    await asPerson(browser, { lang: "en", viewport: PHONE }, "suggested", async ({ page }) => {
      let bearer = null;
      page.on("request", (request) => (bearer = request.headers().authorization ?? bearer));
      const here = await arrive(page, "en");
      await attach(page, NOTE);
      await page.getByRole("list", { name: here.words.attached }).getByText(here.words.ready).waitFor();
      const headers = { authorization: bearer };
      const bases = await (await page.request.get(`${BASE}/api/v1/knowledge-bases`, { headers })).json();
      const own = bases.items.find(({ owner }) => owner === "user");
      const data = { suggestions: [ASKED, "When was the harbour dug?"] };
      const changed = await page.request.patch(`${BASE}/api/v1/knowledge-bases/${own.id}`, { headers, data });
      assert.ok(changed.ok(), await changed.text());
      await page.reload();
      await here.named(ASKED).waitFor();
      await screenshot(page, "phone-en-suggested");
      await here.named(ASKED).click();
      assert.match(await here.cited(here.finished().first()), /41/);
    });
  });
});
