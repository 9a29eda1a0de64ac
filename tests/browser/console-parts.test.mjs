// The other parts of the console: a client's settings, API keys and users; what goes wrong; what a role may.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { complaints, operator, operatorLink } from "./operator.mjs";
import { asPerson, baseUrl, launch } from "./stage.mjs";

const BASE = baseUrl();

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

describe("the parts of a client", () => {
  test("are settings that are checked, a trial, API keys, users, and its access", async () => {
    await asPerson(browser, { lang: "en" }, "parts", async ({ page, watch }) => {
      const here = operator(page, "en");
      await here.setUp(operatorLink("OPERATOR_LINK_PARTS"));
      await here.newClient({ id: "parts", name: "Parts" });
      await tries(page, here);
      await settles(page, here);
      await givesKeys(page, here);
      await keepsOut(page, here);
      assert.deepEqual(complaints(watch), []);
    });
  });
});

/** The chat page in a tab of its own, as a test user. */
async function tries(page, here) {
  const opened = page.waitForEvent("popup");
  await here.button("Try it").click();
  const tab = await opened;
  await tab.getByLabel("Your question").waitFor();
  assert.doesNotMatch(tab.url(), /token/);
  assert.equal(await tab.evaluate(() => window.opener), null, "the chat page reaches the console");
  await tab.close();
}

async function settles(page, here) {
  await here.openTab("settings");
  const origins = here.field("Allowed origins");
  await origins.fill("shop.example");
  await page.getByRole("alert").getByText("“shop.example” is not an origin").waitFor();
  assert.ok(await here.button("Save").isDisabled());
  await origins.fill("https://shop.example");
  await here.field("Requests per minute and user").fill("60");
  await here.field("Time zone").fill("Mars/Olympus");
  await here.button("Save").click();
  await page.getByRole("alert").getByText("This was not accepted.").waitFor();
  assert.equal(await origins.inputValue(), "https://shop.example", "what was typed is gone");
  await here.field("Time zone").fill("Asia/Shanghai");
  await here.button("Save").click();
  await page.getByRole("status").getByText("Saved", { exact: true }).waitFor();
  await page.reload();
  await origins.waitFor();
  assert.deepEqual(
    [await origins.inputValue(), await here.field("Requests per minute and user").inputValue(), await here.field("Time zone").inputValue()],
    ["https://shop.example", "60", "Asia/Shanghai"],
  );
}

/** An API key that reads, until it is revoked. */
async function givesKeys(page, here) {
  await here.openTab("api-keys");
  await here.button("New API key").click();
  await here.field("Name", here.dialog()).fill("ci");
  await here.button("Create").click();
  await here.dialog().getByText("Choose at least one.").waitFor();
  await here.dialog().getByRole("checkbox", { name: "knowledge:read" }).check();
  await here.button("Create").click();
  const key = await here.secret();
  const bases = () => fetch(`${BASE}/api/v1/knowledge-bases`, { headers: { authorization: `Bearer ${key}` } });
  assert.equal((await bases()).status, 200);
  await here.button("Revoke ci").click();
  await here.dialog().getByRole("button", { name: "Revoke", exact: true }).click();
  await page.getByRole("row").filter({ hasText: "Revoked" }).waitFor();
  const deadline = performance.now() + 1_000;
  let status = 200;
  while (status === 200 && performance.now() < deadline) status = (await bases()).status;
  assert.equal(status, 401, "a revoked key still reads after a second");
}

async function keepsOut(page, here) {
  await here.openTab("users");
  await here.button("Disable console-try").click();
  await here.dialog().getByRole("button", { name: "Disable", exact: true }).click();
  await page.getByRole("row").filter({ hasText: "Disabled" }).waitFor();
  await here.openTab("settings");
  await here.button("Disable this client").click();
  await here.field("Type parts to confirm").fill("parts");
  await here.dialog().getByRole("button", { name: "Disable this client", exact: true }).click();
  await page.getByText("This client is disabled: its users and programs are refused.").waitFor();
  assert.equal(await here.button("Try it").count(), 0);
  await here.button("Enable this client").click();
  await here.button("Try it").waitFor();
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
      for (const [part, seen] of [["plans", "Nothing is on offer."], ["credits", "Wallet of the client"], ["orders", "Nothing was ordered yet."]]) {
        await page.goto(`${BASE}/admin/#/clients/demo/money/${part}`);
        await page.getByText("Your role reads this; an operator of finance or an administrator changes it.").waitFor();
        await page.getByText(seen).or(page.getByRole("table")).first().waitFor();
        assert.equal(await page.getByRole("button", { name: /Give|Offer|Refund|Save|Set/ }).count(), 0, `${part} offers a deed`);
      }
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
