/** The English texts of the token debugger. */
import type { Finding, StepName } from "../api/types";

/** What was measured in a step, by the server's names. */
export type Values = Readonly<Record<string, string | undefined>>;

const steps: Record<StepName, string> = {
  length: "Length",
  envelope: "Outer layer",
  client: "Client",
  key: "Key",
  content: "Content",
  time: "Time",
  exchange: "Exchange",
  user: "User",
};

const well: Record<StepName, (v: Values) => string> = {
  length: (v) => `${v.bytes} bytes.`,
  envelope: (v) => `Base64 with a client and ${v.sealed_bytes} sealed bytes.`,
  client: (v) => `The client is “${v.name}” and it is enabled.`,
  key: (v) => `A key of ${v.bits} bits opens it.`,
  content: () => "The four fields are there, and the client inside is the one outside.",
  time: (v) => `Made ${v.age_seconds} seconds ago, by its own account.`,
  exchange: () => "It has not been exchanged and still can be.",
  user: () => "The user is known and enabled.",
};

const findings: Record<Exclude<Finding, "ok">, (v: Values) => string> = {
  too_long: (v) => `It has ${v.bytes} bytes; a token has at most ${v.bytes_max}. Something was added to it, or it was encoded once more.`,
  outer_not_base64: () => "The whole is not base64. It was cut, or changed on its way: in an address + must be written %2B.",
  outer_not_text: () => "What it decodes to is not text. The outer layer must be base64 of client, a bar |, and the sealed part.",
  no_bar: () => "There is no bar | behind the client. The outer layer must be base64 of client|sealed part.",
  inner_not_base64: () => "What stands behind the bar | is not base64. The sealed bytes must be encoded before the outer layer is made.",
  client_unknown: () => "No client has this ID. Compare it with the client's page: upper and lower case count.",
  client_disabled: (v) => `The client “${v.name}” is disabled: everything of it is refused until it is enabled.`,
  no_key: () => "This client has no key that counts. Add one under Keys.",
  key_size_differs: (v) => `${v.sealed_bytes} bytes were sealed; the client's keys seal ${v.keys_bytes}. It was sealed with the key of another client or with an old one.`,
  no_key_opens: () =>
    "No key of this client opens it: it was sealed with another key, or with another padding. It must be RSA-OAEP with SHA-256 for both hash and MGF1.",
  key_killed: () => "It was sealed with a key that was killed. Put a new key into use.",
  key_retired: () => "It was sealed with a key that has retired. Put the newer key into use.",
  key_too_small: (v) => `It was sealed with a key of ${v.bits} bits, which this server does not accept. Add a longer one.`,
  content_not_text: () => "What was sealed is not UTF-8 text.",
  field_count: (v) => `Inside are ${v.fields} fields; there must be four: client|user ID|user name|time. A name cannot contain a bar |.`,
  clients_differ: () => "The client inside is not the client outside. Both must be the same ID.",
  user_id_length: (v) => `The user ID has ${v.chars} characters; 1 to 200 are allowed.`,
  username_length: (v) => `The user name has ${v.chars} characters; at most 200 are allowed.`,
  timestamp_not_a_number: () => "The time is not a number. It must be seconds since 1970, with a point for fractions.",
  timestamp_not_finite: () => "The time is not a finite number. It must be seconds since 1970.",
  too_old: (v) => `It was made ${v.age_seconds} seconds ago; ${v.age_seconds_max} are allowed. Make a new token for every visit, and check the clock of your server.`,
  too_far_ahead: (v) =>
    `Its time lies ahead of the server's (${v.server_time}) by more than ${v.ahead_seconds_max} seconds. The clock of your server is wrong, or the time was given in milliseconds instead of seconds.`,
  exchange_over: (v) => `It was made ${v.age_seconds} seconds ago; it must be exchanged within ${v.exchange_seconds_max}. Make the token when the page is opened.`,
  burnt: () => "It was exchanged before. For this client a token opens one session: make a new one for every visit.",
  user_disabled: (v) => `The user ${v.user} is disabled. Enable them under Users.`,
  user_new: () => "The user was not seen before and will be made.",
};

export const tokens = {
  token: {
    title: "Token debugger",
    lead: "Paste a token that was refused: each step of its check is told, up to the one that fails. The token is neither stored nor written to a log, and checking it does not use it up.",
    field: "Token",
    fieldHint: "The value of api_token, Api-Token or token, as your server made it.",
    check: "Check",
    accepted: "This token is accepted.",
    refused: "This token is refused.",
    client: "Client",
    user: "User",
    ok: "In order",
    wrong: "Fails",
    steps,
    well,
    findings,
  },
};
