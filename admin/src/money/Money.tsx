/** The money of a client, in parts of its own. */
import { lazy } from "react";
import { useConsole } from "../console";
import { useI18n } from "../i18n";
import { hrefOf, MONEY_PARTS, type MoneyPart } from "../route";
import { Later } from "../ui/Later";

const Billing = lazy(() => import("./Billing"));
const Prices = lazy(() => import("./Prices"));
const Plans = lazy(() => import("./Plans"));
const Credits = lazy(() => import("./Credits"));
const Usage = lazy(() => import("./Usage"));
const Orders = lazy(() => import("./Orders"));
const Subscriptions = lazy(() => import("./Subscriptions"));
const Waiting = lazy(() => import("./Waiting"));
const Books = lazy(() => import("./Books"));

interface Props {
  client: string;
  part: MoneyPart;
}

export default function Money({ client, part }: Props) {
  const { t } = useI18n();
  const { may } = useConsole();
  return (
    <>
      <nav className="parts" aria-label={t.money.partsLabel}>
        {MONEY_PARTS.map((one) => (
          <a key={one} href={hrefOf({ screen: "client", id: client, tab: "money", part: one })} aria-current={one === part ? "page" : undefined}>
            {t.money.parts[one]}
          </a>
        ))}
      </nav>
      {!may("money") && <p className="note">{t.money.readOnly}</p>}
      <Later key={part}>
        <Part client={client} part={part} />
      </Later>
    </>
  );
}

function Part({ client, part }: Props) {
  switch (part) {
    case "billing":
      return <Billing client={client} />;
    case "prices":
      return <Prices client={client} />;
    case "plans":
      return <Plans client={client} />;
    case "credits":
      return <Credits client={client} />;
    case "usage":
      return <Usage client={client} />;
    case "orders":
      return <Orders client={client} />;
    case "subscriptions":
      return <Subscriptions client={client} />;
    case "waiting":
      return <Waiting client={client} />;
    case "books":
      return <Books client={client} />;
  }
}
