/** What operators do, by the server's names. */
import type { Texts } from "../i18n/en";

export const ACTS = [
  "client.create",
  "client.change",
  "client.try",
  "key.add",
  "key.retire",
  "key.kill",
  "api_key.create",
  "api_key.revoke",
  "user.change",
  "base.create",
  "document.add",
  "document.delete",
  "billing.set",
  "low_balance.set",
  "price.set",
  "plan.offer",
  "plan.begin",
  "plan.end",
  "credits.grant",
  "order.refund",
  "payment_exception.resolve",
  "chain_arrival.resolve",
  "subscription.create",
  "subscription.end",
  "book_line.resolve",
  "operator.create",
  "operator.change",
  "operator.reset",
  "operator.set_up",
  "operator.sign_in",
  "operator.sign_out",
  "operator.password",
] as const;

export type Act = (typeof ACTS)[number];

function isAct(act: string): act is Act {
  return (ACTS as readonly string[]).includes(act);
}

/** What a newer server does is shown by its own name. */
export function actName(act: string, t: Texts): string {
  return isAct(act) ? t.audit.acts[act] : act;
}
