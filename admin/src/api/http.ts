/** One way to the server, typed by its document: every failure is an `ApiError`, the end of the session is noticed. */
import createClient, { type Client } from "openapi-fetch";
import { ApiError, problemOf } from "./error";
import type { paths } from "./schema";

export const API_ROOT = "/admin/v1";

/** A page of another site cannot set it, so a request that changes something came from this one. */
const FROM_HERE = { "x-concierge-console": "1" };

/** 401 from here only says that this very request was refused: it is no end of a session. */
const OUTSIDE = `${API_ROOT}/sign-in`;

export type Http = Client<paths>;

/** `ended` is called once the server no longer accepts the session. */
export function makeHttp(ended: () => void, root = API_ROOT): Http {
  return createClient<paths>({
    baseUrl: root,
    headers: FROM_HERE,
    credentials: "same-origin",
    cache: "no-store",
    fetch: (request) => reach(request, ended),
  });
}

async function reach(request: Request, ended: () => void): Promise<Response> {
  try {
    const response = await fetch(request);
    if (response.status === 401 && !new URL(request.url).pathname.startsWith(OUTSIDE)) ended();
    return response;
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw ApiError.offline();
  }
}

interface Outcome<Data> {
  data?: Data | undefined;
  error?: unknown;
  response: Response;
}

/** What was asked for, or why not. */
export async function told<Data>(asked: Promise<Outcome<Data>>): Promise<Data> {
  const { data, error, response } = await answered(asked);
  if (!response.ok) throw problemOf(response, error);
  return data as Data;
}

async function answered<Data>(asked: Promise<Outcome<Data>>): Promise<Outcome<Data>> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof ApiError || (error instanceof DOMException && error.name === "AbortError")) throw error;
    // the connection broke in the middle of the answer
    throw ApiError.offline();
  }
}
