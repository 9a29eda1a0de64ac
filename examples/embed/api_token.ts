// Makes the api_token with which a partner's user enters the chat page.
// Runs on the partner's server (Node 20 or newer), where the client key is a secret.
//
//   const token = apiToken("CLIENT_ID", clientKeyPem, user.id, user.name);

import { constants, publicEncrypt } from "node:crypto";

/** A token for one user, to be used within minutes. */
export function apiToken(clientId: string, clientKeyPem: string, userId: string, username: string): string {
  if ((clientId + userId + username).includes("|")) {
    throw new Error("a name cannot contain the character |");
  }
  const plain = `${clientId}|${userId}|${username}|${Date.now() / 1000}`;
  const sealed = publicEncrypt(
    { key: clientKeyPem, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: "sha256" },
    Buffer.from(plain, "utf8"),
  );
  const inner = sealed.toString("base64");
  return Buffer.from(`${clientId}|${inner}`, "utf8").toString("base64");
}
