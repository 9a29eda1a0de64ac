import { describe, expect, it, vi } from "vitest";
import { Host, type Stage } from "./host";
import { hostMessage } from "./messages";

const SESSION = "01900000-0000-7000-8000-000000000010";
const PARTNER = "https://partner.example";

describe("a message", () => {
  it.each([
    { type: "concierge:theme", theme: "dark" },
    { type: "concierge:language", language: "zh" },
    { type: "concierge:token", token: "abc" },
    { type: "concierge:open-session", session_id: SESSION },
    { type: "concierge:new-session" },
    { type: "concierge:draft", text: "电池保修多久？" },
    { type: "concierge:focus" },
  ])("is understood: $type", (message) => {
    expect(hostMessage(message)).toEqual(message);
    expect(hostMessage({ ...message, more: 1 })).toEqual(message);
  });

  it.each([
    undefined,
    null,
    "concierge:focus",
    [],
    {},
    { type: "concierge:unheard-of" },
    { type: "concierge:theme", theme: "pink" },
    { type: "concierge:theme", theme: ["dark"] },
    { type: "concierge:language", language: "fr" },
    { type: "concierge:token" },
    { type: "concierge:token", token: "" },
    { type: "concierge:token", token: "x".repeat(8_193) },
    { type: "concierge:open-session", session_id: "../me" },
    { type: "concierge:open-session", session_id: 7 },
    { type: "concierge:draft", text: "x".repeat(8_001) },
  ])("that is malformed is nothing (%#)", (message) => {
    expect(hostMessage(message)).toBeNull();
  });
});

/** A page in a frame; `say` lets a window send it something. */
function framed(known: boolean) {
  const parent = { postMessage: vi.fn() };
  let hear: (event: unknown) => void = () => undefined;
  const page = {
    parent,
    location: known ? { ancestorOrigins: [PARTNER] } : {},
    addEventListener: (_: string, listener: typeof hear) => (hear = listener),
  };
  const say = (data: unknown, origin = PARTNER, source: unknown = parent) => hear({ data, origin, source });
  return { host: new Host(page as unknown as Stage), say, post: parent.postMessage };
}

const FOCUS = { type: "concierge:focus" } as const;

describe("the host", () => {
  it("is heard, whoever listens first or later", () => {
    const { host, say } = framed(true);
    say(FOCUS);
    const heard = vi.fn();
    const off = host.on("concierge:focus", heard);
    expect(heard).toHaveBeenCalledExactlyOnceWith(FOCUS);
    say(FOCUS);
    off();
    say(FOCUS);
    expect(heard).toHaveBeenCalledTimes(2);
  });

  it("is only the window around the page, in its own origin", () => {
    const { host, say } = framed(true);
    const heard = vi.fn();
    host.on("concierge:focus", heard);
    say(FOCUS, PARTNER, { postMessage: vi.fn() });
    say(FOCUS, "https://stranger.example");
    say("concierge:focus");
    expect(heard).not.toHaveBeenCalled();
  });

  it("is told in its own origin, which is learnt where the browser does not say it", () => {
    const known = framed(true);
    known.host.tell({ type: "concierge:close" });
    expect(known.post).toHaveBeenLastCalledWith({ type: "concierge:close" }, PARTNER);

    const { host, say, post } = framed(false);
    const heard = vi.fn();
    host.on("concierge:focus", heard);
    host.tell({ type: "concierge:ready", signed_in: false });
    expect(post).toHaveBeenLastCalledWith({ type: "concierge:ready", signed_in: false }, "*");
    say(FOCUS);
    say(FOCUS, "https://stranger.example");
    expect(heard).toHaveBeenCalledOnce();
    host.tell({ type: "concierge:close" });
    expect(post).toHaveBeenLastCalledWith({ type: "concierge:close" }, PARTNER);
  });

  it("is nobody for a page of its own", () => {
    const page = { location: {}, addEventListener: vi.fn() } as Record<string, unknown>;
    page.parent = page;
    const host = new Host(page as unknown as Stage);
    expect(host.framed).toBe(false);
    expect(page.addEventListener).not.toHaveBeenCalled();
    host.tell({ type: "concierge:close" });
  });
});
