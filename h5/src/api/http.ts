/** One way to the server: adds the bearer, turns every failure into an `ApiError`, notices the end of the session. */
import { ApiError, isAbort, problemOf } from "./error";

export const API_ROOT = "/api/v1";

export interface Request {
  method?: "GET" | "POST" | "PATCH" | "DELETE";
  /** Sent as JSON, unless it is a form. */
  body?: object | FormData;
  headers?: Record<string, string>;
  signal?: AbortSignal | undefined;
}

export class Http {
  constructor(
    private readonly bearer: () => string | null,
    private readonly language: () => string,
    /** Called once the server no longer accepts the bearer. */
    private readonly ended: () => void,
  ) {}

  /** The raw response, whatever its status; throws only when none came or the session has ended. */
  async send(path: string, request: Request = {}): Promise<Response> {
    const response = await this.reach(path, request);
    if (response.status === 401) {
      this.ended();
      throw await problemOf(response);
    }
    return response;
  }

  async json<Body>(path: string, request: Request = {}): Promise<Body> {
    const response = await this.send(path, request);
    if (!response.ok) throw await problemOf(response);
    return (await response.json()) as Body;
  }

  async nothing(path: string, request: Request): Promise<void> {
    const response = await this.send(path, request);
    if (!response.ok) throw await problemOf(response);
  }

  private async reach(path: string, request: Request): Promise<Response> {
    const { method = "GET", body, signal } = request;
    const headers: Record<string, string> = {
      accept: "application/json",
      "accept-language": this.language(),
      ...request.headers,
    };
    const bearer = this.bearer();
    if (bearer !== null) headers.authorization = `Bearer ${bearer}`;
    const form = body instanceof FormData;
    if (body !== undefined && !form) headers["content-type"] = "application/json";
    try {
      return await fetch(API_ROOT + path, {
        method,
        headers,
        body: body === undefined ? null : form ? body : JSON.stringify(body),
        signal: signal ?? null,
        // the bearer is the only credential; a cookie of another page must not matter here
        credentials: "omit",
        cache: "no-store",
      });
    } catch (error) {
      if (isAbort(error)) throw error;
      throw ApiError.offline();
    }
  }
}
