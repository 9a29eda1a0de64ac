/** A deed that takes a moment and may fail, as a dialog shows it. */
import { useState } from "react";
import { type ApiError, asApiError } from "../api/error";

export interface Deed {
  busy: boolean;
  error: ApiError | null;
  /** Does it, then calls `done`; a failure stays to be shown. */
  run: (act: () => Promise<unknown>, done: () => void) => void;
}

export function useDeed(): Deed {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<ApiError | null>(null);
  const run: Deed["run"] = (act, done) => {
    setBusy(true);
    setError(null);
    act()
      .then(done)
      .catch((reason: unknown) => setError(asApiError(reason)))
      .finally(() => setBusy(false));
  };
  return { busy, error, run };
}
