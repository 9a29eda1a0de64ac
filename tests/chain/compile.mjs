// Writes contracts.json (bytecode of Tokens.sol) and addresses.json (golden addresses, by ethers).
// Run by hand when Tokens.sol changes: npm install --no-save solc@0.8.37 ethers@6.17.0 && npm run compile
import { readFileSync, writeFileSync } from "node:fs";
import { HDNodeWallet, getAddress } from "ethers";
import solc from "solc";

const input = {
  language: "Solidity",
  sources: { "Tokens.sol": { content: readFileSync("Tokens.sol", "utf8") } },
  settings: {
    optimizer: { enabled: true, runs: 200 },
    evmVersion: "paris",
    metadata: { bytecodeHash: "none", appendCBOR: false },
    outputSelection: { "*": { "*": ["evm.bytecode.object", "evm.methodIdentifiers"] } },
  },
};
const output = JSON.parse(solc.compile(JSON.stringify(input)));
const wrong = (output.errors ?? []).filter((error) => error.severity === "error");
if (wrong.length > 0) throw new Error(wrong.map((error) => error.formattedMessage).join("\n"));
const contracts = {};
for (const [name, contract] of Object.entries(output.contracts["Tokens.sol"])) {
  contracts[name] = { code: contract.evm.bytecode.object, methods: contract.evm.methodIdentifiers };
}
writeFileSync("contracts.json", `${JSON.stringify(contracts, null, 1)}\n`);

// keys of BIP-32's test vectors 1 and 2, and addresses that ethers derives from them
const keys = [
  "xpub661MyMwAqRbcFtXgS5sYJABqqG9YLmC4Q1Rdap9gSE8NqtwybGhePY2gZ29ESFjqJoCu1Rupje8YtGqsefD265TMg7usUDFdp6W1EGMcet8",
  "xpub661MyMwAqRbcFW31YEwpkMuc5THy2PSt5bDMsktWQcFF8syAmRUapSCGu8ED9W6oDMSgv6Zz8idoc4a6mr8BDzTJY47LJhkJ8UB7WEGuduB",
];
const paths = [[1, 0], [1, 1], [2, 0], [7, 123456], [2147483647, 2147483647]];
const addresses = keys.flatMap((key) => {
  const node = HDNodeWallet.fromExtendedKey(key);
  return paths.map(([client, index]) => ({
    key, client, index, address: getAddress(node.derivePath(`${client}/${index}`).address),
  }));
});
writeFileSync("addresses.json", `${JSON.stringify(addresses, null, 1)}\n`);
