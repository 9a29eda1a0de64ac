/** Documents being added, one after the other: a phone's line is narrow, and an order is easier to follow. */
import { useCallback, useEffect, useRef, useState } from "react";
import type { Api } from "../api";
import { type ApiError, asApiError } from "../api/error";
import type { KnowledgeDocument } from "../api/types";

/** A file, or the address of a document. */
export type Addition = File | string;

export interface FailedAddition {
  name: string;
  error: ApiError;
}

/** `first` are added at once; further ones by `add`. */
export function useAdditions(
  api: Api,
  baseId: string,
  first: readonly Addition[],
  onAdded: (document: KnowledgeDocument) => void,
) {
  const [adding, setAdding] = useState<string | null>(null);
  const [failed, setFailed] = useState<readonly FailedAddition[]>([]);
  const queue = useRef<Addition[]>([...first]);
  const busy = useRef(false);

  const work = useCallback(async () => {
    if (busy.current) return;
    busy.current = true;
    for (let next = queue.current.shift(); next !== undefined; next = queue.current.shift()) {
      const name = typeof next === "string" ? next : next.name;
      setAdding(name);
      try {
        onAdded(await (typeof next === "string" ? api.addByAddress(baseId, next) : api.upload(baseId, next)));
      } catch (reason) {
        setFailed((old) => [...old, { name, error: asApiError(reason) }]);
      }
    }
    busy.current = false;
    setAdding(null);
  }, [api, baseId, onAdded]);

  useEffect(() => void work(), [work]);

  const add = (additions: readonly Addition[]) => {
    setFailed([]);
    queue.current.push(...additions);
    void work();
  };
  return { adding, failed, add };
}
