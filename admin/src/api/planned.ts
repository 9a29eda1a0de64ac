/** Operations that the document does not have yet, by the plan for them. */
import { asApiError, problemOf } from "./error";
import { API_ROOT } from "./http";
import type * as T from "./types";

type Query = Record<string, string | number | null>;

function query(values: Query): string {
  const given = Object.entries(values).filter(([, value]) => value !== null && value !== "");
  const text = new URLSearchParams(given.map(([key, value]) => [key, String(value)])).toString();
  return text === "" ? "" : `?${text}`;
}

async function ask<Body>(path: string, method = "GET", body?: object): Promise<Body> {
  const form = body instanceof FormData;
  const headers: Record<string, string> = { "x-concierge-console": "1" };
  if (body !== undefined && !form) headers["content-type"] = "application/json";
  const response = await fetch(API_ROOT + path, { method, headers, body: body === undefined ? null : form ? body : JSON.stringify(body) }).catch(
    (reason: unknown) => Promise.reject(asApiError(reason)),
  );
  const got: unknown = response.status === 204 ? null : await response.json().catch(() => null);
  if (!response.ok) throw problemOf(response, got);
  return got as Body;
}

const of = (client: string) => `/clients/${encodeURIComponent(client)}`;
const paged = (cursor: string | null, more: Query = {}) => query({ limit: 30, cursor, ...more });

export const planned = {
  bases: (client: string, cursor: string | null) => ask<T.Page<T.Base>>(`${of(client)}/knowledge-bases${paged(cursor)}`),
  newBase: (client: string, body: { name: string; title: string; description: string }) =>
    ask<T.Base>(`${of(client)}/knowledge-bases`, "POST", body),
  documents: (client: string, base: string, cursor: string | null) =>
    ask<T.Page<T.Doc>>(`${of(client)}/knowledge-bases/${base}/documents${paged(cursor)}`),
  upload: (client: string, base: string, file: File) => {
    const body = new FormData();
    body.append("file", file, file.name);
    return ask<T.Doc>(`${of(client)}/knowledge-bases/${base}/documents`, "POST", body);
  },
  document: (client: string, id: string) => ask<T.Doc>(`${of(client)}/documents/${id}`),
  deleteDocument: (client: string, id: string) => ask<null>(`${of(client)}/documents/${id}`, "DELETE"),
  documentEvents: (client: string, id: string, signal: AbortSignal) =>
    fetch(`${API_ROOT}${of(client)}/documents/${id}/events`, { headers: { accept: "text/event-stream" }, signal }),
};
