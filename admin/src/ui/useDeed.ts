/** A deed that takes a moment and may fail, as a form or a dialog shows it. */
import { useState } from "react";
import { type ApiError, asApiError, isUnsure } from "../api/error";

export interface Deed {
  busy: boolean;
  error: ApiError | null;
  /** Whether a try failed after which nobody here knows if it was done. */
  unsure: boolean;
  /** Does it, then calls `done` with what came of it; a failure stays to be shown. */
  run: <Result>(act: () => Promise<Result>, done?: (result: Result) => void) => void;
}

export function useDeed(): Deed {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<ApiError | null>(null);
  const [unsure, setUnsure] = useState(false);
  const failed = (reason: unknown) => {
    const failure = asApiError(reason);
    setError(failure);
    if (isUnsure(failure)) setUnsure(true);
  };
  const run: Deed["run"] = (act, done) => {
    setBusy(true);
    setError(null);
    act()
      .then((result) => done?.(result))
      .catch(failed)
      .finally(() => setBusy(false));
  };
  return { busy, error, unsure, run };
}
