// Takes the pictures of the README, out of a running server that has the samples.
//   BASE_URL=http://127.0.0.1:8080 DEMO_CODE=… CONCIERGE_BROWSER=$(node scripts/find-browser) node tests/browser/pictures.mjs
import { mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { chat } from "./chat.mjs";
import { asPerson, enter, launch, PHONE } from "./stage.mjs";

const FOLDER = fileURLToPath(new URL("../../docs/images/", import.meta.url));
const QUESTION_ZH = "收到车后几天内可以退货？";
const QUESTION_EN = "How long does charging take with the fast charger?";

const save = (page, name) => page.screenshot({ path: FOLDER + name });

await mkdir(FOLDER, { recursive: true });
const browser = await launch();
try {
  await asPerson(browser, { lang: "zh", viewport: PHONE, sharpness: 2 }, "chat-zh", async ({ page }) => {
    await enter(page, "zh");
    const here = chat(page, "zh");
    await here.cited(await here.ask(QUESTION_ZH));
    await page.evaluate(() => document.activeElement.blur());
    await save(page, "chat-zh.png");
  });
  await asPerson(browser, { lang: "en" }, "source-en", async ({ page }) => {
    await enter(page, "en");
    const here = chat(page, "en");
    const answer = await here.ask(QUESTION_EN);
    await here.cited(answer);
    await here.chips(answer).last().click();
    await page.getByTestId("cited-text").first().waitFor();
    await page.mouse.move(0, 0);
    await save(page, "source-en.png");
  });
} finally {
  await browser.close();
}
