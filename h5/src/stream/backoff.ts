/** How long to wait before the next attempt. */

const FIRST_MS = 400;
const LONGEST_MS = 15_000;

/**
 * Doubles with every failure up to `LONGEST_MS`; between half and all of it, by chance,
 * so that many pages do not come back to a restarted server in one moment.
 */
export function backoffMs(failures: number, random: () => number = Math.random): number {
  const full = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.max(0, failures - 1));
  return full / 2 + (full / 2) * random();
}

/** Ends early when the browser says it is online again or the page comes to the front; rejects when aborted. */
export function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const finish = (settle: () => void) => {
      clearTimeout(timer);
      removeEventListener("online", wake);
      signal.removeEventListener("abort", abort);
      settle();
    };
    const wake = () => finish(resolve);
    const abort = () => finish(() => reject(signal.reason));
    const timer = setTimeout(wake, milliseconds);
    if (signal.aborted) return abort();
    addEventListener("online", wake);
    signal.addEventListener("abort", abort);
  });
}
