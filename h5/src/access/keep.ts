/** Places where a bearer survives a reload of this tab, and only that. */

export interface Keep {
  /** Each of these throws where the browser forbids the place. */
  read: () => string | null;
  write: (text: string) => void;
  drop: () => void;
}

const KEY = "concierge.h5.access";

/** `storage` itself throws in frames of another site where the browser blocks their storage. */
export function storageKeep(storage: () => Storage): Keep {
  return {
    read: () => storage().getItem(KEY),
    write: (text) => storage().setItem(KEY, text),
    drop: () => storage().removeItem(KEY),
  };
}

/**
 * The state of the history entry: only this origin reads it, a reload keeps it, a new navigation
 * does not have it. For frames that get no storage.
 */
export function historyKeep(history: Pick<History, "state" | "replaceState">): Keep {
  const others = (): Record<string, unknown> => {
    const { [KEY]: _, ...rest } = (history.state ?? {}) as Record<string, unknown>;
    return rest;
  };
  return {
    read: () => {
      const text: unknown = (history.state as Record<string, unknown> | null)?.[KEY];
      return typeof text === "string" ? text : null;
    },
    write: (text) => history.replaceState({ ...others(), [KEY]: text }, ""),
    drop: () => history.replaceState(others(), ""),
  };
}
