import { afterEach, describe, expect, it, vi } from "vitest";
import { makeHttp, told } from "./http";

const ROOT = "http://console.test/admin/v1";

afterEach(() => vi.unstubAllGlobals());

/** What the server answers next, and what it was asked. */
function answering(answer: () => Response | Promise<Response>) {
  const asked: Request[] = [];
  vi.stubGlobal("fetch", async (request: Request) => {
    asked.push(request);
    return answer();
  });
  return asked;
}

function problem(status: number, code: string): Response {
  return new Response(JSON.stringify({ code, detail: "Words." }), { status, headers: { "content-type": "application/problem+json" } });
}

describe("a request", () => {
  it("says that it comes from the console, and keeps nothing in a cache", async () => {
    const asked = answering(() => Response.json({ name: "ada", role: "admin", session_until: "2026-01-01T00:00:00Z" }));
    const me = await told(makeHttp(() => undefined, ROOT).GET("/me"));
    expect(me.name).toBe("ada");
    const [request] = asked;
    expect([request?.url, request?.cache, request?.credentials]).toEqual([`${ROOT}/me`, "no-store", "same-origin"]);
    expect(request?.headers.get("x-concierge-console")).toBe("1");
  });

  it("that is refused says why", async () => {
    answering(() => problem(409, "taken"));
    const refused = told(makeHttp(() => undefined, ROOT).POST("/clients", { body: { name: "Shop" } }));
    await expect(refused).rejects.toMatchObject({ code: "taken", detail: "Words." });
  });

  it("tells the end of a session, but not when somebody only fails to sign in", async () => {
    answering(() => problem(401, "unauthenticated"));
    const ended = vi.fn();
    const http = makeHttp(ended, ROOT);
    const body = { name: "ada", password: "x", totp: "1" };
    await expect(told(http.POST("/sign-in", { body }))).rejects.toMatchObject({ code: "unauthenticated" });
    expect(ended).not.toHaveBeenCalled();
    await expect(told(http.GET("/me"))).rejects.toMatchObject({ code: "unauthenticated" });
    expect(ended).toHaveBeenCalledOnce();
  });

  it.each([
    ["no answer came", () => Promise.reject(new TypeError("Failed to fetch"))],
    ["the answer broke off", () => new Response('{"name":"a', { headers: { "content-type": "application/json" } })],
  ])("is offline when %s", async (_, answer) => {
    answering(answer);
    await expect(told(makeHttp(() => undefined, ROOT).GET("/me"))).rejects.toMatchObject({ code: "offline" });
  });

  it("that answers nothing is done", async () => {
    answering(() => new Response(null, { status: 204 }));
    const path = { client: "shop", key: "0190" };
    await expect(told(makeHttp(() => undefined, ROOT).DELETE("/clients/{client}/api-keys/{key}", { params: { path } }))).resolves.toBeUndefined();
  });
});
