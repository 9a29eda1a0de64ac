// Whether a screen fits, says only what is meant for people, and can be read; leaves a picture.
import assert from "node:assert/strict";
import { screenshot } from "./stage.mjs";

export async function look(page, name) {
  await page.waitForFunction(() => document.querySelector(".loading, [aria-busy=true]") === null);
  const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok(over <= 0, `${name} is ${over} px wider than the screen`);
  const untold = await page.evaluate(() => document.body.innerText.match(/\b(undefined|null|NaN|\[object)\b/));
  assert.equal(untold, null, `${name} shows what is not meant for people`);
  await screenshot(page, name);
  assert.deepEqual(await page.evaluate(faint), [], `${name} has words that are hard to read`);
}

/** Words whose contrast to what lies behind them is below 4.5 (WCAG 1.4.3); runs in the page. */
function faint() {
  const rgba = (text) => {
    const [r, g, b, a = 1] = text.match(/[\d.]+/g).map(Number);
    return { r, g, b, a };
  };
  const over = (top, below) => {
    const mix = (key) => top[key] * top.a + below[key] * (1 - top.a);
    return { r: mix("r"), g: mix("g"), b: mix("b"), a: 1 };
  };
  const behind = (element) => {
    if (element === null) return { r: 255, g: 255, b: 255, a: 1 };
    const own = rgba(getComputedStyle(element).backgroundColor);
    return own.a === 1 ? own : over(own, behind(element.parentElement));
  };
  const light = ({ r, g, b }) => {
    const part = (value) => (value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4);
    return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
  };
  const found = [];
  for (const element of document.querySelectorAll("#root *, .ant-modal *, .ant-drawer *")) {
    const own = [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim() !== "");
    const shown = element.checkVisibility({ opacityProperty: true, visibilityProperty: true });
    if (!own || !shown || element.closest(":disabled, .visually-hidden, .skip") !== null) continue;
    const ground = behind(element);
    const ink = over(rgba(getComputedStyle(element).color), ground);
    const [bright, dark] = [light(ink), light(ground)].sort((a, b) => b - a);
    const contrast = (bright + 0.05) / (dark + 0.05);
    if (contrast < 4.5) found.push(`${element.textContent.trim().slice(0, 30)} ${contrast.toFixed(2)}`);
  }
  return found;
}
