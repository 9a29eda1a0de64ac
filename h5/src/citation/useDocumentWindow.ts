/** A stretch of a document around a citation, which can grow in both directions. */
import { useCallback, useEffect, useState } from "react";
import type { Api } from "../api";
import { type ApiError, asApiError, isAbort } from "../api/error";
import type { DocumentText } from "../api/types";
import type { Source } from "./sources";

/** Code points shown on each side of the passage at first, and added by each "show more". */
const AROUND_POINTS = 1_200;
const MORE_POINTS = 6_000;

export interface DocumentWindow {
  text: DocumentText | null;
  error: ApiError | null;
  /** Null when that end of the document is reached. */
  earlier: (() => void) | null;
  later: (() => void) | null;
}

export function useDocumentWindow(api: Api, source: Source): DocumentWindow {
  const [text, setText] = useState<DocumentText | null>(null);
  const [error, setError] = useState<ApiError | null>(null);
  const { document_id, version, quotes } = source;
  const { start } = quotes[0];
  const { end } = quotes.at(-1) ?? quotes[0];

  const fetchText = useCallback(
    (from: number, to: number, signal?: AbortSignal) => api.documentText(document_id, version, from, to, signal),
    [api, document_id, version],
  );

  useEffect(() => {
    const controller = new AbortController();
    setText(null);
    setError(null);
    fetchText(Math.max(0, start - AROUND_POINTS), end + AROUND_POINTS, controller.signal)
      .then(setText)
      .catch((reason: unknown) => isAbort(reason) || setError(asApiError(reason)));
    return () => controller.abort();
  }, [fetchText, start, end]);

  const grow = (from: number, to: number) => {
    fetchText(from, to)
      .then((part) => setText((shown) => shown && joined(shown, part)))
      .catch((reason: unknown) => setError(asApiError(reason)));
  };
  const hasEarlier = text !== null && text.start > 0;
  const hasLater = text !== null && text.end < text.total;
  return {
    text,
    error,
    earlier: hasEarlier ? () => grow(Math.max(0, text.start - MORE_POINTS), text.start) : null,
    later: hasLater ? () => grow(text.end, text.end + MORE_POINTS) : null,
  };
}

/** Only neighbours are joined: a part asked for twice is dropped the second time. */
function joined(shown: DocumentText, part: DocumentText): DocumentText {
  if (part.end === shown.start) return { ...shown, start: part.start, text: part.text + shown.text };
  if (part.start === shown.end) return { ...shown, end: part.end, text: shown.text + part.text };
  return shown;
}
