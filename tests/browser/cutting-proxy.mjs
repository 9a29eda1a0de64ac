// A TCP proxy that cuts one answer in its middle: right behind its first delta, once.
import net from "node:net";

const DELTA = /event: ?delta\n/;

/** Listens on a free port of 127.0.0.1 and forwards to `target`. */
export async function cuttingProxy(target) {
  const { hostname, port } = new URL(target);
  const seen = { cuts: 0, resumes: [] };
  const open = new Set();
  const server = net.createServer((client) => {
    const upstream = net.connect(Number(port || 80), hostname);
    const both = [client, upstream];
    for (const socket of both) {
      open.add(socket);
      socket.on("error", () => undefined);
      socket.on("close", () => {
        open.delete(socket);
        for (const one of both) one.destroy();
      });
    }
    client.on("data", (bytes) => {
      noteResume(bytes.toString("latin1"), seen);
      upstream.write(bytes);
    });
    let told = "";
    upstream.on("data", (bytes) => {
      // latin1 keeps one character for one byte, so that lengths stay true
      const before = told.length;
      told += bytes.toString("latin1");
      const end = seen.cuts === 0 ? endOfFirstDelta(told) : -1;
      if (end < 0) {
        client.write(bytes);
        return;
      }
      seen.cuts += 1;
      client.end(bytes.subarray(0, end - before), () => client.destroy());
    });
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const close = () => {
    for (const socket of open) socket.destroy();
    return new Promise((resolve) => server.close(resolve));
  };
  return { origin: `http://127.0.0.1:${server.address().port}`, seen, close };
}

function endOfFirstDelta(text) {
  const delta = DELTA.exec(text);
  if (delta === null) return -1;
  const end = text.indexOf("\n\n", delta.index);
  return end < 0 ? -1 : end + 2;
}

function noteResume(head, seen) {
  if (!/^GET \/api\/v1\/messages\/[^/ ]+\/stream /m.test(head)) return;
  seen.resumes.push(/^last-event-id: *(.+?)\r?$/im.exec(head)?.[1] ?? null);
}
