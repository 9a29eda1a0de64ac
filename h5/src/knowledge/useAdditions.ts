/** Documents being added: addresses one after the other, files some at a time, each with a result of its own. */
import { useCallback, useEffect, useRef, useState } from "react";
import type { Api } from "../api";
import { ApiError, asApiError } from "../api/error";
import type { OnConflict } from "../api/knowledge";
import type { KnowledgeDocument } from "../api/types";

/** A file, or the address of a document. */
export type Addition = File | string;

export interface FailedAddition {
  name: string;
  /** What it came with: itself, or an archive. */
  from: Addition;
  error: ApiError;
  /** Puts it in the place of the document of the same name, where that is what stood in the way. */
  replace: (() => void) | null;
}

interface Wanted {
  addition: Addition;
  onConflict: OnConflict;
}

/** What came of one file; an archive has many. */
interface Result {
  name: string;
  document: KnowledgeDocument | null;
  error: ApiError | null;
}

export interface Additions {
  /** What is being added at the moment. */
  adding: string | null;
  /** How many wait behind it. */
  waiting: number;
  failed: readonly FailedAddition[];
  add: (additions: readonly Addition[]) => void;
}

/** `first` are added at once; further ones by `add`. */
export function useAdditions(
  api: Api,
  baseId: string,
  first: readonly Addition[],
  onAdded: (document: KnowledgeDocument) => void,
): Additions {
  const [adding, setAdding] = useState<string | null>(null);
  const [waiting, setWaiting] = useState(0);
  const [failed, setFailed] = useState<readonly FailedAddition[]>([]);
  const queue = useRef<Wanted[]>(first.map(refusing));
  const busy = useRef(false);

  const work = useCallback(async () => {
    if (busy.current) return;
    busy.current = true;
    for (let next = queue.current.shift(); next !== undefined; next = queue.current.shift()) {
      const { addition } = next;
      setAdding(nameOf(addition));
      setWaiting(queue.current.length);
      for (const { name, document, error } of await taken(api, baseId, next)) {
        if (document !== null) onAdded(document);
        if (error === null) continue;
        const replace = error.code === "taken" ? () => again({ addition, onConflict: "replace" }) : null;
        setFailed((old) => [...old, { name, from: addition, error, replace }]);
      }
    }
    busy.current = false;
    setAdding(null);
  }, [api, baseId, onAdded]);

  const again = (wanted: Wanted) => {
    setFailed((old) => old.filter(({ from }) => from !== wanted.addition));
    queue.current.push(wanted);
    void work();
  };

  useEffect(() => void work(), [work]);

  const add = (additions: readonly Addition[]) => {
    setFailed([]);
    queue.current.push(...additions.map(refusing));
    void work();
  };
  return { adding, waiting, failed, add };
}

function refusing(addition: Addition): Wanted {
  return { addition, onConflict: "refuse" };
}

export function nameOf(addition: Addition): string {
  return typeof addition === "string" ? addition : addition.name;
}

async function taken(api: Api, base: string, { addition, onConflict }: Wanted): Promise<Result[]> {
  const name = nameOf(addition);
  try {
    if (typeof addition === "string") return [{ name, document: await api.addByAddress(base, addition), error: null }];
    if (!isArchive(addition)) return [{ name, document: await api.upload(base, addition, onConflict), error: null }];
    const { items } = await api.uploadBatch(base, [addition], onConflict);
    return items.map(({ name: entry, document, problem }) => ({
      name: entry,
      document,
      error: problem && new ApiError(problem.code, problem.detail),
    }));
  } catch (reason) {
    return [{ name, document: null, error: asApiError(reason) }];
  }
}

function isArchive({ name }: File): boolean {
  return /\.zip$/i.test(name);
}
