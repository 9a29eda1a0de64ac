/** What went wrong with a request, by a code a person's sentence can be chosen for. */
import type { ProblemCode } from "./types";

/** Not the server's own: no answer came at all. */
export type ErrorCode = ProblemCode | "offline";

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
  out_of_credit: true,
  throttled: true,
  unavailable: true,
  upstream: true,
  internal: true,
  interrupted: true,
  offline: true,
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

export class ApiError extends Error {
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
}

/** What may have been done all the same: the answer was lost, or somebody behind the server gave none. */
const UNSURE: ReadonlySet<ErrorCode> = new Set(["offline", "upstream", "unavailable", "internal", "interrupted"]);

export function isUnsure({ code }: ApiError): boolean {
  return UNSURE.has(code);
}

/** What a failed answer says; a proxy's own error page still becomes the right code by its status. */
export function problemOf(response: Response, body: unknown): ApiError {
  const wait = Number(response.headers.get("retry-after"));
  const seconds = Number.isFinite(wait) && wait > 0 ? wait : null;
  const fallback = CODE_OF_STATUS[response.status] ?? "internal";
  if (typeof body === "object" && body !== null && "code" in body) {
    const code = String(body.code);
    return new ApiError(isErrorCode(code) ? code : fallback, technical(code, body), seconds);
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
