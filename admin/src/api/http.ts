/** One way to the server: turns every failure into an `ApiError`, notices the end of the session. */
import { ApiError, problemOf } from "./error";

export const API_ROOT = "/admin/v1";

/** A page of another site cannot set it, so a request that changes something came from this one. */
const FROM_HERE = { "x-concierge-console": "1" };

export interface Request {
  method?: "GET" | "POST" | "PATCH" | "PUT" | "DELETE";
  /** Sent as JSON, unless it is a form. */
  body?: object;
  accept?: string;
  signal?: AbortSignal;
  /** Whether 401 only says that this very request was refused: signing in, not the end of a session. */
  outside?: boolean;
}

export class Http {
  /** `ended` is called once the server no longer accepts the session. */
  constructor(private readonly ended: () => void) {}

  /** The response of a request that succeeded. */
  async send(path: string, request: Request = {}): Promise<Response> {
    const response = await this.reach(path, request);
    if (response.ok) return response;
    if (response.status === 401 && !request.outside) this.ended();
    throw problemOf(response, await bodyOf(response));
  }

  async json<Body>(path: string, request: Request = {}): Promise<Body> {
    const response = await this.send(path, request);
    try {
      return (await response.json()) as Body;
    } catch {
      // the connection broke in the middle of the answer
      throw ApiError.offline();
    }
  }

  private async reach(path: string, request: Request): Promise<Response> {
    const { method = "GET", body, accept = "application/json", signal } = request;
    const form = body instanceof FormData;
    const headers: Record<string, string> = { accept, ...FROM_HERE };
    if (body !== undefined && !form) headers["content-type"] = "application/json";
    try {
      return await fetch(API_ROOT + path, {
        method,
        headers,
        body: body === undefined ? null : form ? body : JSON.stringify(body),
        signal: signal ?? null,
        credentials: "same-origin",
        cache: "no-store",
      });
    } catch (error) {
      if (error instanceof DOMException && error.name === "AbortError") throw error;
      throw ApiError.offline();
    }
  }
}

async function bodyOf(response: Response): Promise<unknown> {
  try {
    return await response.json();
  } catch {
    // not JSON: the status alone has to do
    return null;
  }
}
