// A page of another site with the chat in a frame.
import http from "node:http";

/** Another site: localhost is not 127.0.0.1. */
export async function hostPage(src) {
  const html = `<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><title>host</title>
    <script>globalThis.told = []; addEventListener("message", (event) => told.push(event.data));</script>
    <iframe src="${src.replaceAll("&", "&amp;")}" style="width:1200px;height:760px;border:0"></iframe>`;
  const server = http.createServer((_, response) => {
    response.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end(html);
  });
  await new Promise((resolve) => server.listen(0, "localhost", resolve));
  const close = () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  };
  return { origin: `http://localhost:${server.address().port}`, close };
}
