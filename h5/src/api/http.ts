/** One way to the server: adds the bearer, turns every failure into an `ApiError`, notices the end of the session. */
import createClient, { type Client } from "openapi-fetch";
import { ApiError, isAbort, problemOf } from "./error";
import type { paths } from "./schema";

export const API_ROOT = "/api/v1";

/** Knows every path of the document, with what goes in and what comes out. */
export type Http = Client<paths>;

export interface Caller {
  bearer: () => string | null;
  language: () => string;
  /** Called once the server no longer accepts the bearer. */
  ended: () => void;
}

/** What it gives is a success: whatever else the server says is thrown. */
export function http(caller: Caller): Http {
  return createClient<paths>({
    baseUrl: API_ROOT,
    fetch: (request) => send(request, caller),
    // the bearer is the only credential; a cookie of another page must not matter here
    credentials: "omit",
    cache: "no-store",
  });
}

async function send(request: Request, { bearer, language, ended }: Caller): Promise<Response> {
  const held = bearer();
  if (held !== null) request.headers.set("authorization", `Bearer ${held}`);
  request.headers.set("accept-language", language());
  if (!request.headers.has("accept")) request.headers.set("accept", "application/json");
  const response = await reach(request);
  if (response.ok) return response;
  // a late answer to the bearer of before must not end the session of now
  if (response.status === 401 && held === bearer()) ended();
  throw await problemOf(response);
}

async function reach(request: Request): Promise<Response> {
  try {
    return await fetch(request);
  } catch (error) {
    if (isAbort(error)) throw error;
    throw ApiError.offline();
  }
}
