/** The ways to the screens. */
import type { ReactNode } from "react";
import { useI18n } from "../i18n";
import { hrefOf, type Route } from "../route";
import { AccountIcon, AuditIcon, ClientsIcon, OperatorsIcon, OverviewIcon, TokenIcon } from "../ui/icons";

type Place = Exclude<Route["screen"], "client">;

const PLACES: readonly [Place, () => ReactNode][] = [
  ["overview", OverviewIcon],
  ["clients", ClientsIcon],
  ["token", TokenIcon],
  ["audit", AuditIcon],
  ["operators", OperatorsIcon],
  ["account", AccountIcon],
];

export function Nav({ route, onChosen }: { route: Route; onChosen?: () => void }) {
  const { t } = useI18n();
  const here = route.screen === "client" ? "clients" : route.screen;
  return (
    <nav className="nav" aria-label={t.nav.label}>
      <ul>
        {PLACES.map(([screen, Icon]) => (
          <li key={screen}>
            <a href={hrefOf({ screen })} aria-current={screen === here ? "page" : undefined} onClick={onChosen}>
              <Icon />
              {t.nav[screen]}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}
