// A browser, people in it, and a watch over what their pages say and ask for.
import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const ARTIFACTS = path.join(path.dirname(fileURLToPath(import.meta.url)), "artifacts");
const SCREENSHOTS = path.join(ARTIFACTS, "screenshots");
/** Long enough for a cold model on a busy machine; everything waits for a state, never for a time. */
const STEP_MS_MAX = Number(process.env.STEP_MS ?? 60_000);

export const DESK = { width: 1280, height: 800 };
export const PHONE = { width: 375, height: 812 };

/** A missing setting fails the run; it never skips a test. */
function required(name, why) {
  const value = process.env[name];
  assert.ok(value, `${name} is not set: ${why}`);
  return value;
}

/** The server under test, always by address: `localhost` is kept for the other site. */
export function baseUrl() {
  const url = new URL(required("BASE_URL", "where the server listens, such as http://127.0.0.1:8080"));
  if (url.hostname === "localhost") url.hostname = "127.0.0.1";
  return url.origin;
}

/** The way in for a new person. */
export function demoPath(lang) {
  const code = required("DEMO_CODE", "the demo code of the server under test");
  return `/demo?${new URLSearchParams({ code, lang })}`;
}

/** Opens the page as a new person. */
export async function enter(page, lang) {
  const response = await page.goto(baseUrl() + demoPath(lang));
  assert.ok(response.ok(), `the demo link was answered by ${response.status()}: ${await response.text()}`);
}

/** A link into the page as the demo gives it, for another origin that leads to the same server. */
export async function entryAt(origin, lang) {
  const demo = await fetch(baseUrl() + demoPath(lang), { redirect: "manual" });
  const { pathname, search } = new URL(demo.headers.get("location"), baseUrl());
  return origin + pathname + search;
}

export async function launch() {
  const executablePath = required("CONCIERGE_BROWSER", "the Chromium to drive");
  await mkdir(SCREENSHOTS, { recursive: true });
  const args = ["--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
  return chromium.launch({ executablePath, args: [...args, "--no-sandbox", "--disable-gpu"] });
}

/** A fresh person: own storage, own language. */
export async function person(browser, { lang, viewport = DESK, scheme = "light", sharpness = 1 }) {
  const phone = viewport.width < 500;
  const context = await browser.newContext({
    viewport,
    deviceScaleFactor: sharpness,
    locale: lang === "zh" ? "zh-CN" : "en-US",
    colorScheme: scheme,
    hasTouch: phone,
    isMobile: phone,
    reducedMotion: "reduce",
  });
  context.setDefaultTimeout(STEP_MS_MAX);
  const page = await context.newPage();
  return { context, page, watch: watch(page) };
}

/** Everything a page complained about, and every host it turned to. */
function watch(page) {
  const complaints = [];
  const origins = new Set();
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("request", (request) => {
    const { protocol, origin } = new URL(request.url());
    if (protocol !== "data:" && protocol !== "blob:") origins.add(origin);
  });
  page.on("websocket", (socket) => origins.add(new URL(socket.url()).origin));
  return { complaints, origins };
}

export async function screenshot(page, name) {
  await page.screenshot({ path: path.join(SCREENSHOTS, `${name}.png`) });
}

/** Runs a walk as one person; a failure leaves a picture of what that person saw. */
export async function asPerson(browser, options, name, walk) {
  const who = await person(browser, options);
  try {
    await walk(who);
  } catch (error) {
    await screenshot(who.page, `failed-${name}`).catch(() => undefined);
    throw error;
  } finally {
    await who.context.close();
  }
}

export function assertQuiet(watch, origins) {
  assert.deepEqual(watch.complaints, [], "the console is not clean");
  assert.deepEqual([...watch.origins].sort(), [...origins].sort(), "a request left for another host");
}
