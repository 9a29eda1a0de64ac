import { describe, expect, it } from "vitest";
import type { StatementLine } from "../api/types";
import { folded } from "./lines";

let no = 0;
function line(kind: StatementLine["kind"], amount: string, balance: string, subject: string | null): StatementLine {
  no += 1;
  return { id: `t${no}`, at: `2026-03-01T08:30:${String(no).padStart(2, "0")}Z`, kind, amount, balance, subject, note: "" };
}

const told = (lines: ReturnType<typeof folded>) => lines.map(({ kind, amount, balance }) => [kind, amount, balance]);

describe("a statement", () => {
  it("says of an answer what it cost, not what was set aside and came back", () => {
    const lines = [
      line("release", "4.9988", "19.9976", "b"),
      line("release", "4.9988", "14.9988", "a"),
      line("hold", "-5", "10", "b"),
      line("hold", "-5", "15", "a"),
      line("grant", "20", "20", null),
    ];
    expect(told(folded(lines, false))).toEqual([
      ["answer", "-0.0012", "19.9976"],
      ["answer", "-0.0012", "14.9988"],
      ["grant", "20", "20"],
    ]);
  });

  it("shows what is still set aside as what it is: gone for now", () => {
    expect(told(folded([line("hold", "-5", "15", "a")], false))).toEqual([["answer", "-5", "15"]]);
  });

  it("keeps what came back until the page with its beginning is there", () => {
    const first = [line("top_up", "1", "21", "o"), line("release", "5", "20", "a")];
    expect(told(folded(first, true))).toEqual([["top_up", "1", "21"]]);
    const second = [...first, line("hold", "-5", "15", "a")];
    expect(told(folded(second, false))).toEqual([
      ["top_up", "1", "21"],
      ["answer", "0", "20"],
    ]);
    // with nothing more to come it is told as it is
    expect(told(folded(first, false))).toEqual([
      ["top_up", "1", "21"],
      ["release", "5", "20"],
    ]);
  });

  it("takes two answers' lines of one subject one by one", () => {
    const twice = [
      line("release", "3", "17", "a"),
      line("hold", "-4", "14", "a"),
      line("release", "1", "18", "a"),
      line("hold", "-3", "17", "a"),
    ];
    expect(told(folded(twice, false))).toEqual([
      ["answer", "-1", "17"],
      ["answer", "-2", "18"],
    ]);
  });
});
