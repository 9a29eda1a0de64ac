// The console against the real server: an account out of a one-time link, and the newcomer's whole road.
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { chat } from "./chat.mjs";
import { hostPage } from "./host.mjs";
import { operator, operatorLink, totp } from "./operator.mjs";
import { asPerson, baseUrl, launch } from "./stage.mjs";
import { refusedAfter, traffic } from "./traffic.mjs";

const BASE = baseUrl();
const CLIENT = { id: "harbour", name: "Harbour Books", description: "The bookshop at the harbour" };
const DOCUMENT = { name: "lighthouse.md", text: "# Lighthouse\n\nThe lighthouse of Port Quillon has 217 steps and was painted green in spring.\n" };
const ASKED = "How many steps does the lighthouse of Port Quillon have?";

let browser;
let folder;
before(async () => {
  browser = await launch();
  folder = await mkdtemp(path.join(os.tmpdir(), "concierge-console-"));
});
after(async () => {
  await browser?.close();
  await rm(folder, { recursive: true, force: true });
});

/** What the browser itself says of a 401 is no complaint of the page. */
function complaints(watch) {
  return watch.complaints.filter((text) => !/status of 401/.test(text));
}

/** Runs the TypeScript that the console shows, with the compiler the pages are built with. */
async function snippetOf(page) {
  const shown = page.getByLabel("api_token.ts", { exact: true });
  await shown.waitFor();
  const require = createRequire(fileURLToPath(new URL("../../admin/package.json", import.meta.url)));
  const typescript = require("typescript");
  const options = { module: typescript.ModuleKind.ESNext, target: typescript.ScriptTarget.ES2022 };
  const { outputText } = typescript.transpileModule(await shown.innerText(), { compilerOptions: options });
  const file = path.join(folder, "api_token.mjs");
  await writeFile(file, outputText);
  const { apiToken } = await import(pathToFileURL(file).href);
  return apiToken;
}

describe("an operator's account", () => {
  test("comes out of a one-time link that counts once", async () => {
    await asPerson(browser, { lang: "en" }, "account", async ({ page, watch }) => {
      const here = operator(page, "en");
      const link = operatorLink("OPERATOR_LINK_ACCOUNT");
      const secret = await here.setUp(link);

      const cookies = await page.context().cookies();
      assert.equal(cookies.length, 1);
      assert.deepEqual([cookies[0].httpOnly, cookies[0].sameSite, cookies[0].path], [true, "Strict", "/admin"]);
      assert.equal(await page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage })), "{}");

      await page.reload();
      await here.heading("Overview").waitFor();
      await here.button("Sign out").click();
      await here.heading("Sign in").waitFor();
      await page.reload();
      await here.heading("Sign in").waitFor();

      await here.fillSignIn("keeper", totp(secret, 1), "not the password");
      await page.getByRole("alert").getByText("Name, password or code is wrong.").waitFor();
      assert.equal(await here.field("Name").inputValue(), "keeper", "what was typed is gone");
      await here.fillSignIn("keeper", totp(secret, 1));
      await here.heading("Overview").waitFor();

      await page.goto(link);
      await here.heading("This link cannot be used").waitFor();
      assert.deepEqual(complaints(watch), []);
    });
  });
});

describe("the newcomer's road", () => {
  test("from a client to a cited answer in a frame, and its key rotated and killed under load", async () => {
    await asPerson(browser, { lang: "en" }, "road", async ({ page, watch }) => {
      const here = operator(page, "en");
      await here.setUp(operatorLink("OPERATOR_LINK"));
      const first = await here.newClient(CLIENT);
      assert.match(first, /^-----BEGIN PUBLIC KEY-----/);
      const apiToken = await snippetOf(page);

      await here.openTab("documents");
      await uploads(page, here);

      await answersInAFrame(apiToken(CLIENT.id, first, "4711", "王小明"));
      await explains(page, here, apiToken(CLIENT.id, first, "4711", "王小明").slice(0, -8));

      await page.goto(`${BASE}/admin/#/clients/${CLIENT.id}/keys`);
      const second = await rotates(page, here, apiToken, first);
      await kills(page, here, () => apiToken(CLIENT.id, second, "4711", "王小明"));

      await here.openTab("users");
      await page.getByRole("rowheader", { name: "王小明" }).waitFor();
      await here.goTo("Audit log");
      for (const act of ["Client created", "Key added", "Key retired", "Key killed"]) {
        await page.getByRole("rowheader", { name: act }).first().waitFor();
      }
      assert.deepEqual(complaints(watch), []);
    });
  });
});

/** A base, and a document in it that is ready. */
async function uploads(page, here) {
  await here.button("New knowledge base").click();
  await here.field("Name", here.dialog()).fill("town");
  await here.dialog().getByRole("button", { name: "Create", exact: true }).click();
  await page.getByText("No documents in this base yet.").waitFor();
  const file = { name: DOCUMENT.name, mimeType: "text/markdown", buffer: Buffer.from(DOCUMENT.text) };
  await page.locator("input[type=file]").setInputFiles(file);
  await page.getByRole("row").filter({ hasText: DOCUMENT.name }).getByText("Ready").waitFor();
}

/** A page of another site frames the chat with this token; the answer cites the document. */
async function answersInAFrame(token) {
  const host = await hostPage(`${BASE}/h5/?${new URLSearchParams({ api_token: token, lang: "en" })}`);
  try {
    await asPerson(browser, { lang: "en" }, "road-frame", async ({ page }) => {
      await page.goto(host.origin);
      await page.frameLocator("iframe").getByLabel("Your question").waitFor();
      const inside = chat(page.frames().find((one) => one.parentFrame() !== null), "en");
      const answer = await inside.ask(ASKED);
      assert.match(await inside.cited(answer), /217/);
      assert.match((await inside.openCitation(answer)).text, /217 steps/);
    });
  } finally {
    await host.close();
  }
}

/** Why a token that was cut does not count. */
async function explains(page, here, token) {
  await here.goTo("Token debugger");
  await here.field("Token").fill(token);
  await here.button("Check").click();
  await page.getByText("This token is refused.").waitFor();
  await page.locator("li.wrong").waitFor();
  assert.doesNotMatch(await page.locator(".check-steps").innerText(), /undefined/);
}

/** Adds a key, puts it into use, retires the old one with an overlap, while users come in all the time. */
async function rotates(page, here, apiToken, first) {
  let pem = first;
  const load = traffic(BASE, () => apiToken(CLIENT.id, pem, "4711", "王小明"));
  await load.seen(10);
  await here.button("Add a key").click();
  await here.dialog().getByRole("button", { name: "Add key", exact: true }).click();
  pem = await here.secret();
  assert.notEqual(pem, first);
  await load.seen(10);
  const rows = page.getByRole("row").filter({ hasText: "Active" });
  await rows.nth(1).waitFor();
  // the newest stands first
  await rows.nth(1).getByRole("button", { name: /^Retire/ }).click();
  await here.field("Overlap in hours").fill("1");
  await here.button("Retire key").click();
  await page.getByRole("row").filter({ hasText: "Retiring" }).waitFor();
  await load.seen(10);
  const { done, failed } = await load.end();
  assert.deepEqual(failed, [], `of ${done} requests some failed`);
  console.log(`      rotated under ${done} requests, 0 failed`);
  return pem;
}

async function kills(page, here, sign) {
  const answered = page.waitForResponse((response) => response.url().endsWith("/kill") && response.request().method() === "POST");
  await page.getByRole("row").filter({ hasText: "Active" }).getByRole("button", { name: /^Kill/ }).click();
  await here.field("Type kill to confirm").fill("kill");
  await here.button("Kill key").click();
  assert.ok((await answered).ok());
  const ms = await refusedAfter(BASE, sign);
  assert.ok(ms < 1_000, `the killed key still opened sessions for ${ms} ms`);
  console.log(`      401 after ${ms} ms`);
  await page.getByRole("row").filter({ hasText: "Killed" }).waitFor();
}

describe("what goes wrong", () => {
  test("is said beside what it is about, and nothing typed is lost", async () => {
    await asPerson(browser, { lang: "en" }, "wrong", async ({ page, context }) => {
      const here = operator(page, "en");
      await here.setUp(operatorLink("OPERATOR_LINK_TYPIST"));
      await here.goTo("Clients");
      // by keyboard alone
      await here.button("New client").focus();
      await page.keyboard.press("Enter");
      await here.field("Name", here.dialog()).fill("Another demo");
      const id = here.field("Client ID", here.dialog());
      await id.fill("no spaces");
      await here.dialog().getByText("At most 32 letters, digits, _ and -.", { exact: true }).waitFor();
      await id.fill("demo");
      await id.press("Enter");
      await here.dialog().getByRole("alert").getByText("This is in use already.").waitFor();
      assert.equal(await id.getAttribute("aria-invalid"), "true");
      assert.equal(await here.field("Name", here.dialog()).inputValue(), "Another demo");
      await page.keyboard.press("Escape");
      await here.dialog().waitFor({ state: "hidden" });
      await page.waitForFunction(() => document.activeElement?.textContent === "New client");

      await context.setOffline(true);
      await page.getByText("No network.").waitFor();
      await page.getByRole("searchbox").fill("demo");
      await page.getByRole("alert").getByText("No connection to the server.").waitFor();
      await context.setOffline(false);
      await here.button("Try again").click();
      await page.getByRole("rowheader", { name: "Demo" }).waitFor();

      await page.goto(`${BASE}/admin/#/clients/nobody/settings`);
      await page.getByRole("alert").getByText("This is not here any more.").waitFor();
    });
  });
});

describe("a role", () => {
  test("is not offered what it may not do", async () => {
    await asPerson(browser, { lang: "en" }, "role", async ({ page }) => {
      const here = operator(page, "en");
      await here.setUp(operatorLink("OPERATOR_LINK_READER"));
      await here.goTo("Clients");
      await page.getByRole("link", { name: "demo", exact: false }).first().waitFor();
      assert.equal(await here.button("New client").count(), 0);
      await here.goTo("Operators");
      await page.getByRole("rowheader").first().waitFor();
      assert.equal(await page.getByRole("button", { name: "New operator" }).count(), 0);
      await page.goto(`${BASE}/admin/#/clients/demo/keys`);
      await page.getByRole("columnheader", { name: "Fingerprint" }).waitFor();
      assert.equal(await page.getByRole("button", { name: /Kill|Retire|Add/ }).count(), 0);
      const refused = await page.evaluate(() =>
        fetch("/admin/v1/clients", {
          method: "POST",
          headers: { "content-type": "application/json", "x-concierge-console": "1" },
          body: JSON.stringify({ name: "Mine" }),
        }).then((response) => response.status),
      );
      assert.equal(refused, 403);
    });
  });

  test("with every right makes operators, whose link opens their own account", async () => {
    await asPerson(browser, { lang: "zh" }, "operators", async ({ page }) => {
      const here = operator(page, "zh");
      await here.setUp(operatorLink("OPERATOR_LINK_ADMIN"));
      await here.goTo("操作员");
      await here.button("新建操作员").click();
      await here.field("名称", here.dialog()).fill("librarian");
      await here.dialog().getByLabel("角色", { exact: true }).selectOption("knowledge");
      await here.dialog().getByRole("button", { name: "创建", exact: true }).click();
      const link = await here.secret();
      assert.match(link, /^http.*\/admin\/#code=/);
      await asPerson(browser, { lang: "zh" }, "librarian", async (other) => {
        const there = operator(other.page, "zh");
        await there.setUp(link);
        await there.goTo("客户");
        assert.equal(await there.button("新建客户").count(), 0);
      });
      await page.reload();
      await page.getByRole("row").filter({ hasText: "librarian" }).getByText("正常").waitFor();
      await here.button("停用 librarian").click();
      await here.dialog().getByRole("button", { name: "停用", exact: true }).click();
      await page.getByRole("row").filter({ hasText: "librarian" }).getByText("已停用").waitFor();
    });
  });
});
