/** How a visit begins: a token becomes a bearer, or an earlier load of this tab goes on. */
import { ApiError, asApiError, problemOf } from "../api/error";
import { API_ROOT } from "../api/http";
import type { TokenExchange } from "../api/types";
import { type Access, type AccessStore, accessOf } from "./access";

export type Beginning =
  | { kind: "in"; access: Access }
  /** No token and nothing left from before. */
  | { kind: "stranger" }
  /** The site around the page has the token. */
  | { kind: "awaiting" }
  /** The token was refused: expired, used before, or broken. */
  | { kind: "refused" }
  /** The server could not be asked; the token may still be good. */
  | { kind: "failed"; error: ApiError };

export async function begin(token: string | null, store: AccessStore, byHost = false): Promise<Beginning> {
  // what this tab had may be another person's, who has left the host's site since
  if (token === null && byHost) return { kind: "awaiting" };
  const earlier = store.restore(Date.now());
  if (token === null) return earlier ? { kind: "in", access: earlier } : { kind: "stranger" };
  const digest = await digestOf(token);
  try {
    const access = accessOf(await exchange(token), digest, Date.now());
    store.set(access);
    return { kind: "in", access };
  } catch (error) {
    const problem = asApiError(error);
    if (problem.code !== "unauthenticated") return { kind: "failed", error: problem };
    // the same burnt link in the same tab is a reload; another one may be another person's
    if (earlier !== null && digest !== null && earlier.tokenDigest === digest) return { kind: "in", access: earlier };
    store.clear();
    return { kind: "refused" };
  }
}

/** A new token for a visit under way; what the page has is kept where the new one is refused. */
export async function renew(token: string, store: AccessStore): Promise<Access> {
  const access = accessOf(await exchange(token), await digestOf(token), Date.now());
  store.set(access);
  return access;
}

async function exchange(token: string): Promise<TokenExchange> {
  let response: Response;
  try {
    response = await fetch(`${API_ROOT}/token-exchange`, {
      method: "POST",
      headers: { "api-token": token, accept: "application/json" },
      credentials: "omit",
      cache: "no-store",
    });
  } catch {
    throw ApiError.offline();
  }
  if (!response.ok) throw await problemOf(response);
  return (await response.json()) as TokenExchange;
}

/** Null where the page is served without TLS: browsers then offer no digest. */
async function digestOf(token: string): Promise<string | null> {
  if (globalThis.crypto?.subtle === undefined) return null;
  const bytes = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(token));
  return Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
