// The chain of the server under test, whose blocks are made when a test says so.
import assert from "node:assert/strict";

const WEI_DECIMALS = 18;

async function call(method, ...params) {
  const url = process.env.CONCIERGE__CHAIN__LOCAL__RPC_URL;
  assert.ok(url, "CONCIERGE__CHAIN__LOCAL__RPC_URL is not set: the node of the chain under test");
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
  const answer = await fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body });
  const { result, error } = await answer.json();
  assert.equal(error, undefined, `${method}: ${error?.message}`);
  return result;
}

export async function mine(blocks) {
  for (let n = 0; n < blocks; n += 1) await call("evm_mine");
}

/** Sends a part of an amount of whole coins, and makes the block that it is in. */
export async function send(to, amount, [part, of] = [1n, 1n]) {
  const [from] = await call("eth_accounts");
  const [whole, fraction = ""] = amount.split(".");
  const wei = BigInt(whole + fraction.padEnd(WEI_DECIMALS, "0"));
  await call("eth_sendTransaction", { from, to, value: `0x${((wei * part) / of).toString(16)}` });
  await mine(1);
}
