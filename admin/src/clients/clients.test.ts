import { describe, expect, it } from "vitest";
import type { Client } from "../api/types";
import { en } from "../i18n/en";
import { idFault, isAddress, limitOf, linesOf, overlapOf, wrongOrigin } from "./checks";
import { changeOf, draftOf, faultsOf } from "./draft";
import { keyState } from "./keyState";
import { newsOf } from "./useDocuments";

const CLIENT: Client = {
  id: "shop",
  name: "Shop",
  description: "",
  enabled: true,
  v1_tokens: "exchange_once",
  token_realm: "partner",
  members_may: "own",
  reentry_url: null,
  requests_per_minute: null,
  time_zone: "UTC",
  origins: ["https://shop.example"],
  user_requests_per_minute: 60,
  created_at: "2026-01-01T00:00:00Z",
};

describe("what is typed for a client", () => {
  it("is taken or refused before it is sent", () => {
    expect(["", "a", "A_b-9", "x".repeat(32)].some(idFault)).toBe(false);
    expect(["a b", "ä", "a/b", "x".repeat(33)].every(idFault)).toBe(true);
    expect(["", " 5 ", "0", "-1", "1.5", "x"].map(limitOf)).toEqual([null, 5, undefined, undefined, undefined, undefined]);
    expect(["0", "24", "8760", "8761", "", "1.5", "-1"].map(overlapOf)).toEqual([0, 24, 8760, null, null, null, null]);
    expect(["https://a.example/x", "http://a", "ftp://a", "a.example", "javascript:alert(1)"].map(isAddress)).toEqual([
      true, true, false, false, false,
    ]);
  });

  it("names the line that is no origin", () => {
    expect(linesOf(" a \n\n b\r\n")).toEqual(["a", "b"]);
    expect(wrongOrigin(["https://shop.example", "http://localhost:5173"])).toBeNull();
    for (const line of ["shop.example", "https://shop.example/", "https://shop.example/a", "*", "null", "ftp://a"]) {
      expect(wrongOrigin(["https://a.example", line]), line).toBe(line);
    }
  });

  it("is sent only where it differs", () => {
    const draft = draftOf(CLIENT);
    expect(changeOf(draft, CLIENT)).toEqual({});
    const typed = { ...draft, name: "Shop 2", userPerMinute: "", origins: "https://a.example\nhttps://b.example", reentryUrl: "https://a.example/in" };
    expect(changeOf(typed, CLIENT)).toEqual({
      name: "Shop 2",
      user_requests_per_minute: null,
      origins: ["https://a.example", "https://b.example"],
      reentry_url: "https://a.example/in",
    });
  });

  it("is marked at its field", () => {
    expect(faultsOf(draftOf(CLIENT), en)).toEqual({});
    const wrong = { ...draftOf(CLIENT), name: " ", origins: "shop", perMinute: "many", reentryUrl: "here" };
    expect(Object.keys(faultsOf(wrong, en)).sort()).toEqual(["name", "origins", "perMinute", "reentryUrl"]);
  });
});

describe("a key", () => {
  const now = Date.parse("2026-01-02T00:00:00Z");
  it.each([
    [{}, "active"],
    [{ retires_at: "2026-01-02T00:00:01Z" }, "retiring"],
    [{ retires_at: "2026-01-02T00:00:00Z" }, "retired"],
    [{ retires_at: "2026-01-03T00:00:00Z", killed_at: "2026-01-01T00:00:00Z" }, "killed"],
  ] as const)("with %j is %s", (key, state) => {
    expect(keyState({ retires_at: null, killed_at: null, ...key }, now)).toBe(state);
  });
});

describe("news of a document", () => {
  it("tell how far it is; what is unknown is left alone", () => {
    expect(newsOf("progress", '{"state":"embedding","done":3,"total":4}')).toEqual({ state: "embedding", progress: 0.75 });
    expect(newsOf("progress", '{"state":"extracting","done":0,"total":0}')).toEqual({ state: "extracting", progress: null });
    expect(newsOf("done", "{}")).toBeNull();
  });
});
