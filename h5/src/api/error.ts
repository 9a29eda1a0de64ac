/** What went wrong with a request, by a code a person's sentence can be chosen for. */
import type { ProblemCode } from "./types";

/** Not the server's own: no answer came at all, and a stream that could not be picked up again. */
export type ErrorCode = ProblemCode | "offline" | "lost";

/** Every code of the document; one that is missing does not compile. */
const CODES: Readonly<Record<ErrorCode, true>> = {
  unauthenticated: true,
  forbidden: true,
  not_found: true,
  taken: true,
  conflict: true,
  stale: true,
  too_large: true,
  unsupported: true,
  invalid: true,
  throttled: true,
  out_of_credit: true,
  unavailable: true,
  upstream: true,
  internal: true,
  interrupted: true,
  offline: true,
  lost: true,
};

const CODE_OF_STATUS: Readonly<Record<number, ErrorCode>> = {
  401: "unauthenticated",
  403: "forbidden",
  404: "not_found",
  409: "conflict",
  412: "stale",
  413: "too_large",
  415: "unsupported",
  422: "invalid",
  429: "throttled",
  502: "upstream",
  503: "unavailable",
  504: "unavailable",
};

export function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(CODES, code);
}

/** Rates of requests are back within a minute: who is to wait longer has used up a day's or a month's quota. */
const LONG_WAIT_SECONDS = 120;
const MINUTE_MS = 60_000;

export class ApiError extends Error {
  private readonly made = Date.now();

  constructor(
    readonly code: ErrorCode,
    /** The server's own words, or what names the failure in its log. */
    readonly detail = "",
    /** Seconds the server asks to wait before the next try, when it says so. */
    readonly retryAfterSeconds: number | null = null,
  ) {
    super(`${code}: ${detail}`);
    this.name = "ApiError";
  }

  static offline(): ApiError {
    return new ApiError("offline");
  }

  /** When a used-up quota starts anew; null for anything else. */
  get startsAnew(): Date | null {
    const { code, retryAfterSeconds: wait } = this;
    const long = code === "throttled" && wait !== null && wait > LONG_WAIT_SECONDS;
    // it begins with a minute, whose last second went by on the way
    return long ? new Date(Math.round((this.made + wait * 1000) / MINUTE_MS) * MINUTE_MS) : null;
  }

  /** Whether the same request may succeed when it is simply sent again. */
  get passing(): boolean {
    return this.code === "offline" || this.code === "unavailable" || this.code === "upstream";
  }

  /** Whether it may have been done all the same: also when the answer broke off on its way. */
  get unsure(): boolean {
    return this.passing || this.code === "internal";
  }
}

/** Reads a problem body; a proxy's own error page still becomes the right code by its status. */
export async function problemOf(response: Response): Promise<ApiError> {
  const wait = Number(response.headers.get("retry-after"));
  const seconds = Number.isFinite(wait) && wait > 0 ? wait : null;
  const fallback = CODE_OF_STATUS[response.status] ?? "internal";
  try {
    const body: unknown = await response.json();
    if (typeof body === "object" && body !== null && "code" in body) {
      const code = String(body.code);
      return new ApiError(isErrorCode(code) ? code : fallback, technical(code, body), seconds);
    }
  } catch {
    // not JSON: the status alone has to do
  }
  return new ApiError(fallback, "", seconds);
}

/** Of a defect the request's name says most; the server's words are as general as ours. */
function technical(code: string, body: object): string {
  if (code === "internal" && "request_id" in body && body.request_id) return `request_id: ${String(body.request_id)}`;
  return "detail" in body ? String(body.detail) : "";
}

export function asApiError(error: unknown): ApiError {
  return error instanceof ApiError ? error : new ApiError("internal", String(error));
}

export function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === "AbortError";
}
