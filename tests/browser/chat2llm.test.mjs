// A Chat2LLM page as it is, served by `[dialects] h5_dir`: scripts/test-browser points it at the folder
// chat2llm, whose page calls the server as the existing ones were seen to do.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import { asPerson, baseUrl, launch } from "./stage.mjs";

const BASE = baseUrl();
const CLIENT = "page";
const QUESTION = "动力电池质保多久？";
const run = promisify(execFile);

let browser;
before(async () => {
  await command("client", "create", "--id", CLIENT, "--name", "Existing page", "--v1-tokens", "header");
  await command("ingest", "--client", CLIENT, "--kb", "policy", "samples");
  browser = await launch();
});
after(() => browser?.close());

/** What an operator runs. */
async function command(...words) {
  const { stdout } = await run(process.env.CONCIERGE_BINARY, words, { cwd: new URL("../..", import.meta.url) });
  return stdout.trim();
}

async function tokenOf(user) {
  return command("token", "--client", CLIENT, "--user", user, "--username", user);
}

/** Enters as a user, as a host page sends people in. */
async function enter(page, user) {
  const answer = await page.goto(`${BASE}/sso?token=${encodeURIComponent(await tokenOf(user))}`);
  assert.equal(answer.status(), 200);
  await page.getByRole("heading", { name: user }).waitFor();
}

const records = (page) => page.getByRole("list", { name: "记录" }).getByRole("listitem");
const answers = (page) => page.locator("li.assistant[data-done=true]");

async function ask(page, question) {
  const before = await records(page).count();
  await page.getByLabel("问题").fill(question);
  await page.getByRole("button", { name: "发送" }).click();
  const answer = page.locator("li.assistant[data-done=true]").last();
  await page.waitForFunction((rows) => document.querySelectorAll("ol > li").length === rows, before + 2);
  await page.locator("ol > li:last-child[data-done=true]").waitFor();
  return answer;
}

/** What the page sends when it asks. */
function asked(page) {
  const seen = [];
  page.on("request", (request) => {
    if (new URL(request.url()).pathname.startsWith("/api/chat/")) seen.push(request);
  });
  return seen;
}

describe("an existing page", () => {
  test("asks, asks again, comes back and goes", async () => {
    await asPerson(browser, { lang: "zh" }, "chat2llm", async ({ page, watch }) => {
      const chats = asked(page);
      await enter(page, "王五");
      assert.equal(new URL(page.url()).pathname, "/home", "the token stayed in the address");
      assert.equal(await page.evaluate(() => document.cookie), "", "scripts see the cookie");

      await page.getByRole("button", { name: "知识库 policy" }).click();
      const answer = await ask(page, QUESTION);
      const docs = answer.getByLabel("参考");
      assert.match(await docs.textContent(), /^出处 \[1\] \[/);
      const said = await answer.textContent();
      await ask(page, "整车呢？");
      await page.getByRole("button", { name: "重新生成" }).click();
      await page.locator("ol > li:last-child[data-done=true]").waitFor();
      assert.equal(await answers(page).count(), 2);

      for (const chat of chats) {
        const headers = await chat.allHeaders();
        assert.equal(headers["api-token"], undefined, "the page showed its token");
        assert.match(headers.cookie ?? "", /=/, "the cookie did not come along");
      }
      const [, second, again] = chats.map((chat) => chat.postDataJSON());
      assert.match(second.history.at(-1).content, /^<p>/, "the history is not HTML");
      assert.match(again.chat_history_id, /^[0-9a-f]{32}$/);

      const saved = page.waitForResponse((one) => one.url().endsWith("/api/session/save"));
      await page.getByRole("button", { name: "返回" }).click();
      assert.equal((await (await saved).json()).data, true);
      // all that the page knew is gone
      await page.reload();
      await page.getByRole("list", { name: "会话" }).getByRole("button", { name: "policy" }).click();
      await page.getByRole("button", { name: "加载更多" }).click();
      await page.locator("li.user", { hasText: QUESTION }).first().waitFor();
      assert.ok((await records(page).allTextContents()).some((text) => text === said || said.includes(text)));
      await ask(page, QUESTION);
      const after = chats.at(-1).postDataJSON();
      assert.equal(after.model_name, "zhipu-api");

      await page.getByRole("button", { name: "返回" }).click();
      const gone = page.waitForRequest((one) => one.url().endsWith("/api/session/delete"));
      await page.getByRole("button", { name: "删除" }).click();
      const removal = await gone;
      assert.match(removal.postData(), /^[0-9a-f]{32}$/);
      assert.equal((await removal.allHeaders())["content-type"], "application/x-www-form-urlencoded");
      await page.waitForFunction(() => document.querySelectorAll("ul > li").length === 0);
      await page.reload();
      await page.getByRole("heading", { name: "王五" }).waitFor();
      assert.equal(await page.locator("ul > li").count(), 0, "the deleted conversation is back");
      assert.deepEqual(watch.complaints, []);
      assert.deepEqual([...watch.origins], [BASE]);
    });
  });

  test("may ask before anything is saved, and scripts in questions do not run", async () => {
    await asPerson(browser, { lang: "zh" }, "chat2llm-script", async ({ page }) => {
      await enter(page, "赵六");
      await page.getByRole("button", { name: "新对话" }).click();
      const answer = await ask(page, `<img src=x onerror="window.ran = 1"> 你好`);
      assert.ok((await answer.textContent()).trim());
      assert.doesNotMatch(await answer.textContent(), /Expected content-type|JSON|走神了/);
      await page.locator("li.user img").waitFor({ state: "attached" });
      assert.equal(await page.evaluate(() => window.ran), undefined, "the policy let a script run");
    });
  });

  test("shows where it is sent without a token that counts", async () => {
    await asPerson(browser, { lang: "zh" }, "chat2llm-401", async ({ page }) => {
      await page.goto(`${BASE}/401?message=token%E6%97%A0%E6%95%88`);
      await page.getByRole("heading", { name: "token无效" }).waitFor();
      await page.goto(`${BASE}/sso?token=bm9uc2Vuc2U%3D`);
      await page.waitForURL(/\/401\?message=/);
      await page.getByRole("heading", { name: /单点失败|无效/ }).waitFor();
    });
  });
});
