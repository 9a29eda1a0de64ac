/** Who pays at a client, the limits, and below how much a wallet is low. */
import { useCallback } from "react";
import type { Billing as Body } from "../api/types";
import { useConsole } from "../console";
import { useI18n } from "../i18n";
import { Loaded } from "../ui/states";
import { useLoad } from "../ui/useLoad";
import { BillingForm } from "./BillingForm";
import { LowBalance } from "./LowBalance";

export default function Billing({ client }: { client: string }) {
  const { t } = useI18n();
  const { api } = useConsole();
  const billing = useLoad<Body>(useCallback(() => api.billing(client), [api, client]));
  const low = useLoad(useCallback(() => api.lowBalance(client), [api, client]));
  return (
    <>
      <Loaded load={billing}>{(value) => <BillingForm client={client} billing={value} onSaved={billing.set} />}</Loaded>
      <section className="section form">
        <h2>{t.billing.lowTitle}</h2>
        <Loaded load={low}>{({ credits }) => <LowBalance client={client} credits={credits ?? null} onSaved={low.set} />}</Loaded>
      </section>
    </>
  );
}
