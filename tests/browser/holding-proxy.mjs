// A TCP proxy that plays a bad line to one question. It forwards everything, except that, once,
// it holds an answer back behind its first delta until it is told to cut the connection, or
// swallows the answer whole. So nothing depends on how fast the server is.
import net from "node:net";

const DELTA = /event: ?delta\n/;
const ASKS = /^POST \/api\/v1\/sessions\/[^/ ]+\/messages /m;
const RESUMES = /^GET \/api\/v1\/messages\/[^/ ]+\/stream /m;

/** Listens on a free port of 127.0.0.1 and forwards to `target`; `trouble` is "hold" or "swallow". */
export async function holdingProxy(target, trouble) {
  const { hostname, port } = new URL(target);
  const open = new Set();
  const seen = { asked: [], resumes: [] };
  const line = new Line(trouble, seen);
  const server = net.createServer((client) => {
    const upstream = net.connect(Number(port || 80), hostname);
    for (const socket of [client, upstream]) {
      open.add(socket);
      socket.on("error", () => undefined);
      socket.on("close", () => {
        open.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
    const connection = { client, asks: false, told: "", held: false };
    client.on("data", (bytes) => {
      line.note(bytes.toString("latin1"), connection);
      upstream.write(bytes);
    });
    upstream.on("data", (bytes) => line.answer(bytes, connection));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const close = () => {
    for (const socket of open) socket.destroy();
    return new Promise((resolve) => server.close(resolve));
  };
  return { origin: `http://127.0.0.1:${server.address().port}`, seen, held: line.held, cut: () => line.cut(), close };
}

/** What the proxy knows of the one answer it troubles. */
class Line {
  #trouble;
  #seen;
  #tellHeld;
  #holding = null;

  constructor(trouble, seen) {
    this.#trouble = trouble;
    this.#seen = seen;
    this.held = new Promise((resolve) => (this.#tellHeld = resolve));
  }

  /** Reads what the page asks for. */
  note(head, connection) {
    if (ASKS.test(head)) this.#seen.asked.push(/"id":"([^"]+)"/.exec(head)?.[1] ?? null);
    if (RESUMES.test(head)) this.#seen.resumes.push(/^last-event-id: *(.+?)\r?$/im.exec(head)?.[1] ?? null);
    connection.asks = ASKS.test(head);
    connection.told = "";
  }

  answer(bytes, connection) {
    if (connection.held) return;
    if (!connection.asks || this.#trouble === null) {
      connection.client.write(bytes);
      return;
    }
    if (this.#trouble === "swallow") {
      this.#trouble = null;
      connection.client.destroy();
      return;
    }
    // latin1 keeps one character for one byte, so that lengths stay true
    const before = connection.told.length;
    connection.told += bytes.toString("latin1");
    const end = endOfFirstDelta(connection.told);
    connection.client.write(end < 0 ? bytes : bytes.subarray(0, end - before));
    if (end >= 0) this.#hold(connection);
  }

  #hold(connection) {
    this.#trouble = null;
    connection.held = true;
    this.#holding = connection;
    this.#tellHeld();
  }

  cut() {
    this.#holding.client.destroy();
  }
}

function endOfFirstDelta(text) {
  const delta = DELTA.exec(text);
  if (delta === null) return -1;
  const end = text.indexOf("\n\n", delta.index);
  return end < 0 ? -1 : end + 2;
}
