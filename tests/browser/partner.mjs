// The site of a partner on an origin of its own (localhost is not 127.0.0.1), with a token endpoint.
import { execFile } from "node:child_process";
import http from "node:http";
import { promisify } from "node:util";

const run = promisify(execFile);

/** What the partner's policy has to allow, and nothing more. */
export function policy(chat) {
  return `default-src 'none'; script-src 'self' ${chat}; frame-src ${chat}; connect-src 'self'; img-src data:`;
}

/** Serves `pages` (address -> html); `/token` answers as the next of `tokens` says, by default with a token of `user`. */
export async function partnerSite({ pages, chat, user = "u-embed" }) {
  const seen = { tokens: 0 };
  const refusals = [];
  const server = http.createServer(async (request, response) => {
    const { pathname } = new URL(request.url, "http://localhost");
    if (pathname === "/token") {
      seen.tokens += 1;
      const refusal = refusals.shift();
      if (request.method !== "POST" || refusal) return response.writeHead(refusal ?? 405).end();
      return response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ token: await tokenOf(user) }));
    }
    const page = pages[pathname];
    if (page === undefined) return response.writeHead(404).end();
    const type = pathname.endsWith(".js") ? "text/javascript" : "text/html";
    response.writeHead(200, { "content-type": `${type}; charset=utf-8`, "content-security-policy": policy(chat) }).end(page);
  });
  await new Promise((resolve) => server.listen(0, "localhost", resolve));
  const close = () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  };
  return { origin: `http://localhost:${server.address().port}`, seen, refuseNext: (status) => refusals.push(status), close };
}

/** A v1 token as the partner's own server would make it. */
export async function tokenOf(user, client = "demo") {
  const binary = process.env.CONCIERGE_BINARY;
  if (!binary) throw new Error("CONCIERGE_BINARY is not set: the server's program, which makes tokens");
  const { stdout } = await run(binary, ["token", "--client", client, "--user", user, "--username", user]);
  return stdout.trim();
}
