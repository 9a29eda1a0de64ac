// Users of a client who come in all the time, and the moment when they no longer can.

/** People at once. */
const WORKERS = 4;
/** How long a killed key may go on before the watch gives up. */
const WATCH_MS_MAX = 10_000;

/** One visit: a token becomes a session, the session reads who one is. Gives the statuses. */
async function visit(base, token) {
  const opened = await fetch(`${base}/api/v1/token-exchange`, { method: "POST", headers: { "api-token": token } });
  const body = await opened.json();
  if (!opened.ok) return [opened.status];
  const read = await fetch(`${base}/api/v1/me`, { headers: { authorization: `Bearer ${body.access_token}` } });
  await read.arrayBuffer();
  return [opened.status, read.status];
}

/** Visits without a pause until told to end; `sign` makes a new token for each. */
export function traffic(base, sign) {
  const failed = [];
  let done = 0;
  let ending = false;
  const wake = [];
  const work = async () => {
    while (!ending) {
      const statuses = await visit(base, sign()).catch((error) => [String(error)]);
      done += statuses.length;
      failed.push(...statuses.filter((status) => status !== 200));
      for (const told of wake.splice(0)) told();
    }
  };
  const workers = Array.from({ length: WORKERS }, work);
  return {
    /** Waits for so many requests more. */
    async seen(more) {
      const wanted = done + more;
      while (done < wanted) await new Promise((told) => wake.push(told));
    },
    async end() {
      ending = true;
      await Promise.all(workers);
      return { done, failed };
    },
  };
}

/** Milliseconds from now until a new token has been answered by 401. */
export async function refusedAfter(base, sign) {
  const begun = performance.now();
  for (;;) {
    const [status] = await visit(base, sign());
    const ms = Math.round(performance.now() - begun);
    if (status === 401) return ms;
    if (ms > WATCH_MS_MAX) return Infinity;
  }
}
