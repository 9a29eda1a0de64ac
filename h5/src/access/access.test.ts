import { afterEach, describe, expect, it, vi } from "vitest";
import { type Access, AccessStore } from "./access";
import { announceEnd, reentryAddress } from "./ended";
import { takeEntry } from "./entry";
import { begin } from "./exchange";
import type { Host } from "../host/host";
import { historyKeep, storageKeep } from "./keep";

const ACCESS: Access = {
  bearer: "b",
  clientId: "demo",
  userId: "0190",
  username: "u",
  reentryUrl: null,
  expiresAt: Date.now() + 3_600_000,
  tokenDigest: null,
};

function storage(): Storage {
  const map = new Map<string, string>();
  return {
    getItem: (key: string) => map.get(key) ?? null,
    setItem: (key: string, value: string) => map.set(key, value),
    removeItem: (key: string) => map.delete(key),
  } as unknown as Storage;
}

function enter(href: string) {
  const replaceState = vi.fn();
  return { entry: takeEntry({ href }, { state: null, replaceState }), replaced: replaceState.mock.calls.map((call) => call[2]) };
}

describe("the address", () => {
  it("gives its token and loses it", () => {
    const { entry, replaced } = enter("https://h.example/h5/?a=1&api_token=abc%2B%2F%3D%3D&lang=zh#s=1");
    expect(entry).toEqual({ token: "abc+/==", lang: "zh", theme: null, byHost: false });
    expect(replaced).toEqual(["/h5/?a=1&lang=zh#s=1"]);
  });

  it("knows the other name, and repairs a plus that was not escaped", () => {
    expect(enter("https://h.example/h5/?token=a+b").entry.token).toBe("a+b");
    expect(enter("https://h.example/h5/?api_token=&token=x").entry.token).toBe("x");
  });

  it("is left alone without a token", () => {
    const { entry, replaced } = enter("https://h.example/h5/?lang=fr");
    expect([entry, replaced]).toEqual([{ token: null, lang: null, theme: null, byHost: false }, []]);
  });
});

function kept(storage: Storage): AccessStore {
  return new AccessStore([storageKeep(() => storage)]);
}

const FORBIDDEN = storageKeep(() => {
  throw new DOMException("denied", "SecurityError");
});

describe("the bearer", () => {
  it("survives a reload of the tab", () => {
    const shared = storage();
    kept(shared).set(ACCESS);
    expect(kept(shared).restore(Date.now())).toEqual(ACCESS);
  });

  it("is forgotten when it is too old, cleared or broken", () => {
    const shared = storage();
    const store = kept(shared);
    store.set(ACCESS);
    expect(store.restore(ACCESS.expiresAt + 1)).toBeNull();
    store.set(ACCESS);
    store.clear();
    expect(kept(shared).restore(0)).toBeNull();
    for (const broken of ["{", "null", "[]", '{"bearer":1}']) {
      shared.setItem("concierge.h5.access", broken);
      expect(kept(shared).restore(0)).toBeNull();
    }
  });

  it("is kept by the history entry where storage is forbidden, beside what else is there", () => {
    const history = {
      state: { place: 7 } as unknown,
      replaceState(state: unknown) {
        this.state = state;
      },
    };
    const make = () => new AccessStore([FORBIDDEN, historyKeep(history as unknown as History)]);
    make().set(ACCESS);
    expect(history.state).toMatchObject({ place: 7 });
    expect(make().restore(Date.now())).toEqual(ACCESS);
    make().clear();
    expect(history.state).toEqual({ place: 7 });
    expect(make().restore(Date.now())).toBeNull();
  });

  it("stays in memory where nothing is allowed", () => {
    const store = new AccessStore([FORBIDDEN]);
    expect(store.restore(0)).toBeNull();
    store.set(ACCESS);
    expect(store.get()).toEqual(ACCESS);
    store.clear();
    expect(store.get()).toBeNull();
  });
});

describe("beginning a visit", () => {
  const body = { access_token: "new", token_type: "Bearer", expires_in: 60, client_id: "c", user: { id: "1", username: "u" }, reentry_url: null };
  const answer = (status: number, value: object) => vi.fn(async () => new Response(JSON.stringify(value), { status }));
  const burnt = { status: 401, code: "unauthenticated", detail: "" };
  afterEach(() => vi.unstubAllGlobals());

  it("exchanges the token, in its header", async () => {
    const fetch = answer(200, body);
    vi.stubGlobal("fetch", fetch);
    const store = kept(storage());
    expect(await begin("t+/=", store)).toMatchObject({ kind: "in", access: { bearer: "new", clientId: "c" } });
    expect(fetch).toHaveBeenCalledExactlyOnceWith(
      "/api/v1/token-exchange",
      expect.objectContaining({ method: "POST", headers: expect.objectContaining({ "api-token": "t+/=" }) }),
    );
    expect(store.get()?.bearer).toBe("new");
  });

  it("goes on with the earlier bearer when the very same link is loaded again", async () => {
    const shared = storage();
    vi.stubGlobal("fetch", answer(200, body));
    await begin("same", kept(shared));
    vi.stubGlobal("fetch", answer(401, burnt));
    expect(await begin("same", kept(shared))).toMatchObject({ kind: "in", access: { bearer: "new" } });
  });

  it("never shows one person's chats for another's burnt link", async () => {
    const shared = storage();
    vi.stubGlobal("fetch", answer(200, body));
    await begin("mine", kept(shared));
    vi.stubGlobal("fetch", answer(401, burnt));
    const store = kept(shared);
    expect(await begin("another's", store)).toEqual({ kind: "refused" });
    expect(store.get()).toBeNull();
    expect(kept(shared).restore(Date.now())).toBeNull();
  });

  it("tells a stranger, a refusal and a failure apart", async () => {
    expect(await begin(null, kept(storage()))).toEqual({ kind: "stranger" });
    vi.stubGlobal("fetch", answer(503, { status: 503, code: "unavailable", detail: "" }));
    expect(await begin("t", kept(storage()))).toMatchObject({ kind: "failed", error: { code: "unavailable" } });
    vi.stubGlobal("fetch", vi.fn(() => Promise.reject(new TypeError("failed to fetch"))));
    expect(await begin("t", kept(storage()))).toMatchObject({ kind: "failed", error: { code: "offline" } });
  });
});

describe("the end of a session", () => {
  function page(framed: boolean) {
    const tell = vi.fn();
    const assign = vi.fn();
    return { host: { framed, tell } as unknown as Host, tell, location: { assign }, assign };
  }

  it("is told to the host of a frame", () => {
    const { host, tell, location, assign } = page(true);
    announceEnd("demo", "https://partner.example/", host, location);
    expect(tell).toHaveBeenCalledExactlyOnceWith({ type: "concierge:session-ended", client_id: "demo" });
    expect(assign).not.toHaveBeenCalled();
  });

  it("leads to the re-entry address, if that is a web address", () => {
    const { host, location, assign } = page(false);
    announceEnd("demo", "https://partner.example/chat", host, location);
    expect(assign).toHaveBeenCalledExactlyOnceWith("https://partner.example/chat");
    for (const bad of [null, "", "javascript:alert(1)", "data:text/html,x", "/relative"]) {
      expect(reentryAddress(bad)).toBeNull();
    }
  });
});
