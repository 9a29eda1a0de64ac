import { describe, expect, it } from "vitest";
import { codeIn, takeCode } from "./entry";
import { may } from "./rights";

describe("the code of a link", () => {
  it("is taken out of the address at once", () => {
    const calls: unknown[][] = [];
    const location = { pathname: "/admin/", search: "", hash: "#code=abc-_1" } as Location;
    const history = { replaceState: (...args: unknown[]) => calls.push(args) } as unknown as History;
    expect(takeCode(location, history)).toBe("abc-_1");
    expect(calls).toEqual([[null, "", "/admin/"]]);
  });

  it("is not looked for in the address of a screen", () => {
    for (const fragment of ["", "#", "#/clients", "#/clients/code=1", "#code="]) expect(codeIn(fragment)).toBeNull();
  });
});

describe("a role", () => {
  it("is offered what it may do", () => {
    expect(["clients", "documents", "operators"].map((deed) => may("admin", deed as "clients"))).toEqual([true, true, true]);
    expect((["admin", "finance", "knowledge", "read_only"] as const).map((role) => may(role, "money"))).toEqual([true, true, false, false]);
    expect(may("knowledge", "documents")).toBe(true);
    expect(may("knowledge", "clients")).toBe(false);
    expect(may("finance", "documents")).toBe(false);
    expect(may("read_only", "documents")).toBe(false);
  });
});
