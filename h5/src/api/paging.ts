/** How many rows are asked for at once. */

export const PAGE_ROWS = 30;
/** The server's limit for one page; bases are few and wanted all at once. */
export const PAGE_ROWS_MAX = 100;

export function paged(cursor: string | null, limit = PAGE_ROWS) {
  return cursor === null ? { limit } : { limit, cursor };
}
