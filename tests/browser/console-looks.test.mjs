// The console on a phone and on a desk, in both languages and both schemes; leaves pictures in artifacts/.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { look } from "./look.mjs";
import { operator, operatorLink, WORDS } from "./operator.mjs";
import { asPerson, baseUrl, DESK, launch, PHONE, screenshot } from "./stage.mjs";

const BASE = baseUrl();
const CLIENT = { id: "looks", name: "Morningstar 电动车", description: "The help page of the shop; call Ada" };
const TEXT = "# 保修 Warranty\n\n电池保修 24 个月。The battery is covered for 24 months.\n";

let browser;
let cookies;
before(async () => {
  browser = await launch();
  // one session for all: a one-time code counts once, and a minute has two
  await asPerson(browser, { lang: "en" }, "console-looks", async ({ page, context }) => {
    const here = operator(page, "en");
    await page.goto(operatorLink("OPERATOR_LINK_LOOKS"));
    await page.getByTestId("totp-secret").waitFor();
    await screenshot(page, "console-set-up");
    await here.setUp(operatorLink("OPERATOR_LINK_LOOKS"));
    await furnish(page, here);
    cookies = await context.cookies();
  });
});
after(() => browser?.close());

/** A client with something in each of its parts. */
async function furnish(page, here) {
  await here.newClient(CLIENT);
  await here.openTab("documents");
  await here.button("New knowledge base").click();
  await here.field("Name", here.dialog()).fill("policy");
  await here.field("Title", here.dialog()).fill("政策 Policy");
  await here.dialog().getByRole("button", { name: "Create", exact: true }).click();
  await page.getByText("No documents in this base yet.").waitFor();
  const file = (name, text) => ({ name, mimeType: "text/markdown", buffer: Buffer.from(text) });
  const long = "a-very-long-file-name-that-goes-on-without-any-space-until-the-very-end-2026-final-v2.md";
  await page.locator("input[type=file]").setInputFiles([file("电动车保修手册.md", TEXT), file(long, `${TEXT}\nMore.\n`)]);
  await page.getByRole("row").filter({ hasText: "Ready" }).nth(1).waitFor();
}

async function tour(page, lang, name) {
  const here = operator(page, lang);
  const { words } = here;
  await page.goto(`${BASE}/admin/`);
  await here.heading(words.overview).waitFor();
  await look(page, `${name}-overview`);
  await here.goTo(words.clients);
  await look(page, `${name}-clients`);
  await here.button(words.newClient).click();
  await here.field(words.name, here.dialog()).waitFor();
  await look(page, `${name}-new-client`);
  await page.keyboard.press("Escape");
  await here.dialog().waitFor({ state: "hidden" });
  await page.getByRole("link", { name: CLIENT.name }).click();
  for (const tab of Object.keys(WORDS.en.tabs)) {
    await here.openTab(tab);
    await look(page, `${name}-client-${tab}`);
  }
  for (const screen of ["token", "audit", "operators", "account"]) {
    await here.goTo(words[screen]);
    await look(page, `${name}-${screen}`);
  }
  await here.button(words.other).click();
  await operator(page, lang === "zh" ? "en" : "zh").heading(WORDS[lang === "zh" ? "en" : "zh"].account).waitFor();
}

describe("the console fits", () => {
  for (const [place, viewport] of [["phone", PHONE], ["desk", DESK]]) {
    for (const lang of ["zh", "en"]) {
      for (const scheme of ["light", "dark"]) {
        test(`a ${place}: ${lang}, ${scheme}`, async () => {
          const name = `console-${place}-${lang}-${scheme}`;
          await asPerson(browser, { lang, scheme, viewport }, name, async ({ page, context, watch }) => {
            await context.addCookies(cookies);
            await tour(page, lang, name);
            assert.deepEqual(watch.complaints, [], "the browser's console is not clean");
            assert.deepEqual([...watch.origins], [BASE], "a request left for another host");
          });
        });
      }
    }
  }
});
