import { expect, it } from "vitest";
import { latest } from "./latest";

it("is the question that was asked last, whichever is answered first", () => {
  const ask = latest();
  const first = ask();
  expect(first()).toBe(true);
  const second = ask();
  expect([second(), first()]).toEqual([true, false]);
  expect(latest()()()).toBe(true);
});
