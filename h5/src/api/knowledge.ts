/** Knowledge bases and documents. */
import type { Http } from "./http";
import { PAGE_ROWS_MAX, paged } from "./paging";
import { nothing, raw, said } from "./said";

/** What happens to a document of the same name. */
export type OnConflict = "refuse" | "replace" | "skip";

const STREAM = { headers: { accept: "text/event-stream" }, parseAs: "stream" } as const;

const at = (id: string) => ({ path: { id } });

export function knowledgeApi(http: Http) {
  return {
    bases: () => said(http.GET("/knowledge-bases", { params: { query: paged(null, PAGE_ROWS_MAX) } })),
    newBase: (name: string, title: string) => said(http.POST("/knowledge-bases", { body: { name, title, description: null, shared: null, suggestions: null } })),

    documents: (base: string, cursor: string | null) =>
      said(http.GET("/knowledge-bases/{id}/documents", { params: { ...at(base), query: paged(cursor) } })),
    upload: (base: string, file: File, on_conflict: OnConflict = "refuse") =>
      said(http.POST("/knowledge-bases/{id}/documents", { params: { ...at(base), query: { on_conflict } }, ...formOf([file]) })),
    /** Archives are opened; each file is taken in or refused by itself. */
    uploadBatch: (base: string, files: readonly File[], on_conflict: OnConflict = "refuse") =>
      said(
        http.POST("/knowledge-bases/{id}/documents/batch", {
          params: { ...at(base), query: { on_conflict } },
          ...formOf(files),
        }),
      ),
    addByAddress: (base: string, url: string) =>
      said(http.POST("/knowledge-bases/{id}/documents", { params: at(base), body: { url } })),
    document: (id: string) => said(http.GET("/documents/{id}", { params: at(id) })),
    deleteDocument: (id: string) => nothing(http.DELETE("/documents/{id}", { params: at(id) })),
    documentEvents: (id: string, signal: AbortSignal) =>
      raw(http.GET("/documents/{id}/events", { ...STREAM, params: at(id), signal })),
    /** A page of a PDF as a picture; the first page is 1. */
    pageImage: (id: string, version: number, page: number, width: number, signal: AbortSignal) =>
      raw(
        http.GET("/documents/{id}/pages/{page}/image", {
          params: { path: { id, page }, query: { version, width } },
          headers: { accept: "image/png" },
          parseAs: "stream",
          signal,
        }),
      ),
    file: (id: string, version: number) =>
      raw(http.GET("/documents/{id}/file", { params: { ...at(id), query: { version } }, parseAs: "stream" })),
    /** `start` and `end` in code points. */
    documentText: (id: string, version: number, start: number, end: number, signal?: AbortSignal) =>
      said(http.GET("/documents/{id}/text", { params: { ...at(id), query: { version, start, end } }, signal: signal ?? null })),
  };
}

/** The document calls a file in a form a string, which is what the types want to see. */
function formOf(files: readonly File[]) {
  const form = new FormData();
  for (const file of files) form.append("file", file, file.name);
  return { body: { file: "" } as never, bodySerializer: () => form };
}
