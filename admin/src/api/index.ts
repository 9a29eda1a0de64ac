/** Every endpoint the console uses, by its deed. */
import type { Lang } from "../i18n/lang";
import { ApiError } from "./error";
import { makeHttp, told } from "./http";
import { moneyApi } from "./money";
import { paged, path, wanted } from "./queries";
import type * as T from "./types";

export interface AuditFilter {
  client: string;
  operator: string;
  act: string;
}

export function makeApi(ended: () => void) {
  const http = makeHttp(ended);
  return {
    openLink: (code: string) => told(http.POST("/sign-in/link", { body: { code } })),
    setUp: (body: { code: string; password: string; totp: string }) => told(http.POST("/sign-in/set-up", { body })),
    signIn: (body: { name: string; password: string; totp: string }) => told(http.POST("/sign-in", { body })),
    signOut: () => told(http.POST("/sign-out")),
    me: () => told(http.GET("/me")),
    changePassword: (body: { current: string; new: string; totp: string }) => told(http.POST("/me/password", { body })),

    overview: () => told(http.GET("/overview")),
    audit: (filter: AuditFilter, cursor: string | null) =>
      told(http.GET("/audit", { params: { query: { ...paged(cursor), ...wanted({ ...filter }) } } })),
    debugToken: (token: string) => told(http.POST("/token-debug", { body: { token } })),

    operators: () => told(http.GET("/operators")),
    newOperator: (name: string, role: T.Role) => told(http.POST("/operators", { body: { name, role } })),
    changeOperator: (operator: string, change: { role?: T.Role; enabled?: boolean }) =>
      told(http.PATCH("/operators/{operator}", { ...path({ operator }), body: change })),
    resetOperator: (operator: string) => told(http.POST("/operators/{operator}/reset", path({ operator }))),

    clients: (text: string, cursor: string | null) =>
      told(http.GET("/clients", { params: { query: { ...paged(cursor), ...wanted({ text }) } } })),
    client: (client: string) => told(http.GET("/clients/{client}", path({ client }))),
    newClient: (body: T.NewClient) => told(http.POST("/clients", { body })),
    changeClient: (client: string, change: T.ClientChange) =>
      told(http.PATCH("/clients/{client}", { ...path({ client }), body: change })),

    /** For pages and servers that reach this one by the address that this page has. */
    snippets: (client: string, lang: T.SnippetLang) =>
      told(http.GET("/clients/{client}/snippets", { params: { path: { client }, query: { lang, address: location.origin } } })),
    /** Gives path and query of the chat page, signed in as a test user. */
    tryClient: (client: string, lang: Lang) => told(http.POST("/clients/{client}/try", { ...path({ client }), body: { lang } })),

    keys: (client: string) => told(http.GET("/clients/{client}/keys", path({ client }))),
    newKey: (client: string) => told(http.POST("/clients/{client}/keys", { ...path({ client }), body: {} })),
    retireKey: (client: string, key: string, hours: number) =>
      told(http.POST("/clients/{client}/keys/{key}/retire", { ...path({ client, key }), body: { overlap_hours: hours } })),
    killKey: (client: string, key: string) => told(http.POST("/clients/{client}/keys/{key}/kill", path({ client, key }))),

    apiKeys: (client: string) => told(http.GET("/clients/{client}/api-keys", path({ client }))),
    newApiKey: (client: string, name: string, scopes: T.Scope[]) =>
      told(http.POST("/clients/{client}/api-keys", { ...path({ client }), body: { name, scopes } })),
    revokeApiKey: (client: string, key: string) =>
      told(http.DELETE("/clients/{client}/api-keys/{key}", path({ client, key }))),

    users: (client: string, text: string, cursor: string | null) =>
      told(http.GET("/clients/{client}/users", { params: { path: { client }, query: { ...paged(cursor), ...wanted({ text }) } } })),
    changeUser: (client: string, user: string, change: T.UserChange) =>
      told(http.PATCH("/clients/{client}/users/{user}", { ...path({ client, user }), body: change })),

    bases: (client: string, cursor: string | null) =>
      told(http.GET("/clients/{client}/knowledge-bases", { params: { path: { client }, query: paged(cursor) } })),
    newBase: (client: string, body: { name: string; title: string; description: string }) =>
      told(http.POST("/clients/{client}/knowledge-bases", { ...path({ client }), body: { ...body, shared: true, suggestions: [] } })),
    documents: (client: string, base: string, cursor: string | null) =>
      told(
        http.GET("/clients/{client}/knowledge-bases/{base}/documents", {
          params: { path: { client, base }, query: paged(cursor) },
        }),
      ),
    upload: (client: string, base: string, file: File, onConflict: T.OnConflict) => {
      const form = new FormData();
      form.append("file", file, file.name);
      return told(
        http.POST("/clients/{client}/knowledge-bases/{base}/documents", {
          params: { path: { client, base }, query: { on_conflict: onConflict } },
          // the document can only say that there is a part of this name
          body: form as unknown as { file: string },
        }),
      );
    },
    document: (client: string, document: string) =>
      told(http.GET("/clients/{client}/documents/{document}", path({ client, document }))),
    deleteDocument: (client: string, document: string) =>
      told(http.DELETE("/clients/{client}/documents/{document}", path({ client, document }))),
    /** The events of its reading, as they come. */
    documentEvents: async (client: string, document: string, signal: AbortSignal): Promise<ReadableStream<Uint8Array>> => {
      const body = await told(
        http.GET("/clients/{client}/documents/{document}/events", {
          ...path({ client, document }),
          headers: { accept: "text/event-stream" },
          parseAs: "stream",
          signal,
        }),
      );
      if (body === null) throw ApiError.offline();
      return body as ReadableStream<Uint8Array>;
    },

    ...moneyApi(http),
  };
}

export type Api = ReturnType<typeof makeApi>;
