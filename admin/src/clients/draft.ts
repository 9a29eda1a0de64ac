/** The settings of a client as they are typed, and back: only what differs is sent. */
import type { Client, ClientChange, MembersMay, V1Tokens } from "../api/types";
import type { Texts } from "../i18n/en";
import { isAddress, limitOf, linesOf, wrongOrigin } from "./checks";

export interface Draft {
  name: string;
  description: string;
  v1Tokens: V1Tokens;
  membersMay: MembersMay;
  reentryUrl: string;
  timeZone: string;
  /** One a line. */
  origins: string;
  perMinute: string;
  userPerMinute: string;
}

export function draftOf(client: Client): Draft {
  return {
    name: client.name,
    description: client.description,
    v1Tokens: client.v1_tokens,
    membersMay: client.members_may,
    reentryUrl: client.reentry_url ?? "",
    timeZone: client.time_zone,
    origins: client.origins.join("\n"),
    perMinute: String(client.requests_per_minute ?? ""),
    userPerMinute: String(client.user_requests_per_minute ?? ""),
  };
}

export function faultsOf(draft: Draft, t: Texts): Partial<Record<keyof Draft, string>> {
  const faults: Partial<Record<keyof Draft, string>> = {};
  if (draft.name.trim() === "") faults.name = t.newClient.nameMissing;
  const origin = wrongOrigin(linesOf(draft.origins));
  if (origin !== null) faults.origins = t.settings.notOrigin(origin);
  const reentry = draft.reentryUrl.trim();
  if (reentry !== "" && !isAddress(reentry)) faults.reentryUrl = t.settings.notAddress;
  if (limitOf(draft.perMinute) === undefined) faults.perMinute = t.settings.notNumber;
  if (limitOf(draft.userPerMinute) === undefined) faults.userPerMinute = t.settings.notNumber;
  return faults;
}

/** What the draft says differently from the client. */
export function changeOf(draft: Draft, client: Client): ClientChange {
  const whole: ClientChange = {
    name: draft.name.trim(),
    description: draft.description.trim(),
    v1_tokens: draft.v1Tokens,
    members_may: draft.membersMay,
    reentry_url: draft.reentryUrl.trim() || null,
    time_zone: draft.timeZone.trim(),
    origins: linesOf(draft.origins),
    requests_per_minute: limitOf(draft.perMinute) ?? null,
    user_requests_per_minute: limitOf(draft.userPerMinute) ?? null,
  };
  const differs = ([key, value]: [string, unknown]) =>
    JSON.stringify(value) !== JSON.stringify(client[key as keyof Client] ?? null);
  return Object.fromEntries(Object.entries(whole).filter(differs));
}
