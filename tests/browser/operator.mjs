// What an operator does in the console, in either language.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { baseUrl } from "./stage.mjs";

export const WORDS = {
  zh: {
    password: "密码",
    repeat: "再输入一次",
    nowCode: "应用当前显示的验证码",
    setUp: "完成设置并登录",
    name: "名称",
    code: "动态验证码",
    signIn: "登录",
    signOut: "退出登录",
    overview: "概览",
    clients: "客户",
    audit: "审计日志",
    token: "令牌调试",
    operators: "操作员",
    account: "我的账号",
    openNav: "打开导航",
    tabs: { settings: "设置", embed: "嵌入", keys: "密钥", "api-keys": "API 密钥", users: "用户", documents: "文档", money: "费用" },
    newClient: "新建客户",
    createClient: "创建客户",
    clientKey: "客户密钥",
    kept: "我已妥善保存",
    other: "Switch to English",
  },
  en: {
    password: "Password",
    repeat: "The same once more",
    nowCode: "Code the app shows now",
    setUp: "Set up and sign in",
    name: "Name",
    code: "One-time code",
    signIn: "Sign in",
    signOut: "Sign out",
    overview: "Overview",
    clients: "Clients",
    audit: "Audit log",
    token: "Token debugger",
    operators: "Operators",
    account: "Your account",
    openNav: "Open navigation",
    tabs: { settings: "Settings", embed: "Embed", keys: "Keys", "api-keys": "API keys", users: "Users", documents: "Documents", money: "Money" },
    newClient: "New client",
    createClient: "Create client",
    clientKey: "Client key",
    kept: "I have kept it",
    other: "切换到中文",
  },
};

export const PASSWORD = "seven green lighthouses";

/** A link that `concierge operator create` printed; each counts once. */
export function operatorLink(name) {
  const link = process.env[name];
  assert.ok(link, `${name} is not set: a one-time link of an operator of the server under test`);
  return baseUrl() + link.slice(link.indexOf("/admin/"));
}

/** RFC 6238; `shift` steps from now: a code counts once, and the server allows a step either way. */
export function totp(secret, shift = 0) {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + shift));
  const tag = createHmac("sha1", base32(secret)).update(counter).digest();
  const word = tag.readUInt32BE(tag.at(-1) & 0xf) & 0x7fff_ffff;
  return String(word % 1_000_000).padStart(6, "0");
}

function base32(text) {
  const bits = [...text].map((one) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(one).toString(2).padStart(5, "0")).join("");
  return Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
}

/** What the browser itself says of a 422 or a 401 is no complaint of the page. */
export function complaints(watch) {
  return watch.complaints.filter((text) => !/status of 4(01|22)/.test(text));
}

export function operator(page, lang) {
  const words = WORDS[lang];
  const button = (name) => page.getByRole("button", { name, exact: true });
  const field = (name, at = page) => at.getByLabel(name, { exact: true });
  const heading = (name) => page.getByRole("heading", { name, exact: true, level: 1 });
  const dialog = () => page.getByRole("dialog");
  return {
    words,
    button,
    field,
    heading,
    dialog,

    /** Opens a one-time link and makes the account; gives the secret of the authenticator. */
    async setUp(link) {
      await page.goto(link);
      const shown = page.getByTestId("totp-secret");
      await shown.waitFor();
      assert.doesNotMatch(page.url(), /code/, "the code stayed in the address");
      const secret = await shown.innerText();
      await field(words.password).fill(PASSWORD);
      await field(words.repeat).fill(PASSWORD);
      // the code of this step: the one of the next is left for signing in
      await field(words.nowCode).fill(totp(secret));
      await button(words.setUp).click();
      await heading(words.overview).waitFor();
      return secret;
    },

    async fillSignIn(name, code, password = PASSWORD) {
      await field(words.name).fill(name);
      await field(words.password).fill(password);
      await field(words.code).fill(code);
      await button(words.signIn).click();
    },

    /** By the navigation beside the screens, or behind its button. */
    async goTo(name) {
      const menu = button(words.openNav);
      if (await menu.isVisible()) await menu.click();
      await page.getByRole("navigation").getByRole("link", { name, exact: true }).click();
      await heading(name).waitFor();
    },

    async openTab(tab) {
      const tabs = page.locator(".client-tabs");
      await tabs.getByRole("link", { name: words.tabs[tab], exact: true }).click();
      await tabs.locator("[aria-current=page]", { hasText: words.tabs[tab] }).waitFor();
    },

    /** Makes a client and gives its key as it is shown, once; ends at its snippets. */
    async newClient({ name, id, description }) {
      await this.goTo(words.clients);
      await button(words.newClient).click();
      await field(words.name, dialog()).fill(name);
      if (description) await dialog().locator("textarea:not([aria-hidden])").first().fill(description);
      if (id) await dialog().getByRole("textbox").nth(2).fill(id);
      await button(words.createClient).click();
      const pem = await this.secret();
      await heading(name).waitFor();
      return pem;
    },

    /** The secret that is shown, and that one has kept it. */
    async secret() {
      const shown = dialog().locator(".secret");
      await shown.waitFor();
      const text = await shown.innerText();
      await button(words.kept).click();
      await shown.waitFor({ state: "hidden" });
      return text;
    },
  };
}
