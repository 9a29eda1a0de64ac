/** Every endpoint the console uses, by its deed. */
import { Http } from "./http";
import type * as T from "./types";

/** Rows asked for at once. */
const PAGE_ROWS = 30;

type Query = Record<string, string | number | null | undefined>;

/** The query of what is given; nothing is sent for what is not. */
export function query(values: Query): string {
  const given = Object.entries(values).filter(([, value]) => value !== null && value !== undefined && value !== "");
  const text = new URLSearchParams(given.map(([key, value]) => [key, String(value)])).toString();
  return text === "" ? "" : `?${text}`;
}

export interface AuditFilter {
  client: string;
  operator: string;
  act: string;
}

export function makeApi(ended: () => void) {
  const http = new Http(ended);
  const of = (client: string) => `/clients/${encodeURIComponent(client)}`;
  const paged = (cursor: string | null, more: Query = {}) => query({ limit: PAGE_ROWS, cursor, ...more });
  const post = <Body>(path: string, body: object = {}) => http.json<Body>(path, { method: "POST", body });
  const patch = <Body>(path: string, body: object) => http.json<Body>(path, { method: "PATCH", body });
  const outside = <Body>(path: string, body: object) => http.json<Body>(path, { method: "POST", body, outside: true });
  return {
    openLink: (code: string) => outside<T.LinkOpened>("/sign-in/link", { code }),
    setUp: (body: { code: string; password: string; totp: string }) => outside<T.Me>("/sign-in/set-up", body),
    signIn: (body: { name: string; password: string; totp: string }) => outside<T.Me>("/sign-in", body),
    signOut: () => http.send("/sign-out", { method: "POST" }),
    me: () => http.json<T.Me>("/me"),
    changePassword: (body: { current: string; new: string; totp: string }) => http.send("/me/password", { method: "POST", body }),

    overview: () => http.json<T.Overview>("/overview"),
    audit: (filter: AuditFilter, cursor: string | null) => http.json<T.Page<T.AuditEvent>>(`/audit${paged(cursor, { ...filter })}`),
    debugToken: (token: string) => post<T.TokenVerdict>("/token-debug", { token }),

    operators: () => http.json<T.Page<T.Operator>>("/operators"),
    newOperator: (name: string, role: T.Role) => post<T.OperatorLink>("/operators", { name, role }),
    changeOperator: (id: string, change: { role?: T.Role; enabled?: boolean }) => patch<T.Operator>(`/operators/${id}`, change),
    resetOperator: (id: string) => post<T.OperatorLink>(`/operators/${id}/reset`),

    clients: (text: string, cursor: string | null) => http.json<T.Page<T.Client>>(`/clients${paged(cursor, { text })}`),
    client: (id: string) => http.json<T.Client>(of(id)),
    newClient: (body: T.NewClient) => post<T.ClientMade>("/clients", body),
    changeClient: (id: string, change: T.ClientChange) => patch<T.Client>(of(id), change),
    snippets: (id: string, lang: T.SnippetLang) => http.json<T.Snippets>(`${of(id)}/snippets${query({ lang })}`),
    tryClient: (id: string, lang: string) => post<{ url: string }>(`${of(id)}/try`, { lang }),

    keys: (client: string) => http.json<T.Page<T.ClientKey>>(`${of(client)}/keys`),
    newKey: (client: string) => post<T.KeyMade>(`${of(client)}/keys`),
    retireKey: (client: string, key: string, hours: number) => post<T.ClientKey>(`${of(client)}/keys/${key}/retire`, { overlap_hours: hours }),
    killKey: (client: string, key: string) => post<T.ClientKey>(`${of(client)}/keys/${key}/kill`),

    apiKeys: (client: string) => http.json<T.Page<T.ApiKey>>(`${of(client)}/api-keys`),
    newApiKey: (client: string, name: string, scopes: readonly T.Scope[]) => post<T.ApiKeyMade>(`${of(client)}/api-keys`, { name, scopes }),
    revokeApiKey: (client: string, id: string) => http.send(`${of(client)}/api-keys/${id}`, { method: "DELETE" }),

    users: (client: string, text: string, cursor: string | null) =>
      http.json<T.Page<T.User>>(`${of(client)}/users${paged(cursor, { text })}`),
    changeUser: (client: string, user: string, change: { enabled?: boolean; role?: T.UserRole }) =>
      patch<T.User>(`${of(client)}/users/${user}`, change),

    bases: (client: string, cursor: string | null) => http.json<T.Page<T.Base>>(`${of(client)}/knowledge-bases${paged(cursor)}`),
    newBase: (client: string, body: { name: string; title: string; description: string }) =>
      post<T.Base>(`${of(client)}/knowledge-bases`, body),
    documents: (client: string, base: string, cursor: string | null) =>
      http.json<T.Page<T.Doc>>(`${of(client)}/knowledge-bases/${base}/documents${paged(cursor)}`),
    upload: (client: string, base: string, file: File) => {
      const body = new FormData();
      body.append("file", file, file.name);
      return http.json<T.Doc>(`${of(client)}/knowledge-bases/${base}/documents`, { method: "POST", body });
    },
    document: (client: string, id: string) => http.json<T.Doc>(`${of(client)}/documents/${id}`),
    deleteDocument: (client: string, id: string) => http.send(`${of(client)}/documents/${id}`, { method: "DELETE" }),
    documentEvents: (client: string, id: string, signal: AbortSignal) =>
      http.send(`${of(client)}/documents/${id}/events`, { accept: "text/event-stream", signal }),
  };
}

export type Api = ReturnType<typeof makeApi>;
