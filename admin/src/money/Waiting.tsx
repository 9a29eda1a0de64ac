/** Money that waits for a person's decision. */
import { useI18n } from "../i18n";
import { Arrivals } from "./Arrivals";
import { Exceptions } from "./Exceptions";

export default function Waiting({ client }: { client: string }) {
  const { t } = useI18n();
  return (
    <>
      <section className="section">
        <h2>{t.waiting.payments}</h2>
        <p className="part-lead">{t.waiting.paymentsLead}</p>
        <Exceptions client={client} />
      </section>
      <section className="section">
        <h2>{t.waiting.arrivals}</h2>
        <p className="part-lead">{t.waiting.arrivalsLead}</p>
        <Arrivals client={client} />
      </section>
    </>
  );
}
