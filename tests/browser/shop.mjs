// A client whose users pay, or that pays for them: made by the command line and by an operator.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { operator, operatorLink } from "./operator.mjs";
import { tokenOf } from "./partner.mjs";
import { asPerson, baseUrl } from "./stage.mjs";

const run = promisify(execFile);

/** What people buy, in the order in which they were offered. */
export const PLANS = {
  pack: { name: "50 answers", kind: "uses", uses: 50, credits: "20" },
  month: { name: "A month", kind: "pass", pass_unit: "month", pass_count: 1, credits: "60", price_minor: 900, currency: "USD" },
  credit: { name: "Starter", kind: "credit", credits: "100", price_minor: 1250, currency: "USD" },
};

/** The server's program, on the data of the server under test. */
export async function concierge(...args) {
  const binary = process.env.CONCIERGE_BINARY;
  assert.ok(binary, "CONCIERGE_BINARY is not set: the server's program");
  return (await run(binary, args)).stdout;
}

/** Clients with prices and documents; what they sell is offered by an operator. */
export async function shops(browser, ids) {
  for (const id of ids) {
    await concierge("client", "create", "--name", id, "--id", id);
    await concierge("ingest", "--client", id, "--kb", "morningstar", "samples");
    // an answer costs about a credit
    await concierge("price", "set", "--client", id, "--model", "extractive", "--input", "1000", "--output", "1000");
  }
  await asPerson(browser, { lang: "en" }, "shops", async ({ page }) => {
    await operator(page, "en").setUp(operatorLink("OPERATOR_LINK_SHOPS"));
    for (const id of ids) for (const plan of Object.values(PLANS)) await offer(page, id, plan);
  });
}

async function offer(page, client, plan) {
  const status = await page.evaluate(
    async ([path, body]) => {
      const headers = { "content-type": "application/json", "x-concierge-console": "1" };
      const response = await fetch(path, { method: "POST", headers, body });
      return response.ok ? "" : `${response.status} ${await response.text()}`;
    },
    [`/admin/v1/clients/${client}/plans`, JSON.stringify(plan)],
  );
  assert.equal(status, "");
}

export const pays = (client, payer, ...limits) => concierge("billing", "set", "--client", client, "--payer", payer, ...limits);

/** A link for a user as the partner makes it. */
export async function linkOf(client, user, lang, theme = "auto") {
  const query = new URLSearchParams({ api_token: await tokenOf(user, client), lang, theme });
  return `${baseUrl()}/h5/?${query}`;
}
