/** One client: its parts, and the way to try it. */
import { Button } from "antd";
import { lazy, useCallback, useState } from "react";
import type { Client as Body } from "../api/types";
import { useConsole } from "../console";
import { useI18n } from "../i18n";
import { CLIENT_TABS, type ClientTab, hrefOf, type MoneyPart } from "../route";
import { ErrorNote } from "../ui/ErrorNote";
import { Later } from "../ui/Later";
import { Loaded } from "../ui/states";
import { useDeed } from "../ui/useDeed";
import { useLoad } from "../ui/useLoad";

const Settings = lazy(() => import("./Settings"));
const Embed = lazy(() => import("./Embed"));
const Keys = lazy(() => import("./Keys"));
const ApiKeys = lazy(() => import("./ApiKeys"));
const Users = lazy(() => import("./Users"));
const Documents = lazy(() => import("./Documents"));
const Money = lazy(() => import("../money/Money"));

interface Props {
  id: string;
  tab: ClientTab;
  part: MoneyPart | undefined;
}

export default function Client({ id, tab, part }: Props) {
  const { t } = useI18n();
  const { api } = useConsole();
  const load = useLoad(useCallback(() => api.client(id), [api, id]));
  return (
    <>
      <a className="crumb" href={hrefOf({ screen: "clients" })}>
        ← {t.client.back}
      </a>
      <Loaded load={load}>
        {(client) => (
          <>
            <Head client={client} />
            <Tabs id={id} tab={tab} />
            <Later key={tab}>
              <Part client={client} tab={tab} part={part} onChanged={load.set} />
            </Later>
          </>
        )}
      </Loaded>
    </>
  );
}

function Head({ client }: { client: Body }) {
  const { t } = useI18n();
  const { may } = useConsole();
  return (
    <>
      <div className="screen-head">
        <div>
          <h1>{client.name}</h1>
          <code className="muted">{client.id}</code>
        </div>
        {may("try") && client.enabled && <TryIt id={client.id} />}
      </div>
      {!client.enabled && (
        <p className="note note-warn" role="status">
          {t.client.disabledNote}
        </p>
      )}
    </>
  );
}

/** Opens the chat page as a test user. */
function TryIt({ id }: { id: string }) {
  const { t, lang } = useI18n();
  const { api } = useConsole();
  const deed = useDeed();
  const [blocked, setBlocked] = useState<string | null>(null);
  const open = () => {
    // opened with the click: after the answer browsers would take it for an advertisement
    const tab = window.open("", "_blank");
    setBlocked(null);
    deed.run(
      () =>
        api.tryClient(id, lang).catch((reason: unknown) => {
          tab?.close();
          throw reason;
        }),
      ({ url: path }) => {
        const url = new URL(path, location.href).href;
        if (tab === null) setBlocked(url);
        else {
          tab.opener = null;
          tab.location.replace(url);
        }
      },
    );
  };
  return (
    <div>
      <Button loading={deed.busy} onClick={open} title={t.client.tryHint}>
        {t.client.tryIt}
      </Button>
      {deed.error && <ErrorNote error={deed.error} />}
      {blocked && (
        <p className="field-hint" role="alert">
          {t.client.tryBlocked}{" "}
          <a href={blocked} target="_blank" rel="noopener noreferrer" onClick={() => setBlocked(null)}>
            {t.client.tryOpen}
          </a>
        </p>
      )}
    </div>
  );
}

function Tabs({ id, tab }: { id: string; tab: ClientTab }) {
  const { t } = useI18n();
  return (
    <nav className="client-tabs" aria-label={t.client.tabsLabel}>
      {CLIENT_TABS.map((one) => (
        <a key={one} href={hrefOf({ screen: "client", id, tab: one })} aria-current={one === tab ? "page" : undefined}>
          {t.client.tabs[one]}
        </a>
      ))}
    </nav>
  );
}

interface PartProps extends Omit<Props, "id"> {
  client: Body;
  onChanged: (client: Body) => void;
}

function Part({ client, tab, part, onChanged }: PartProps) {
  switch (tab) {
    case "settings":
      return <Settings client={client} onChanged={onChanged} />;
    case "embed":
      return <Embed id={client.id} />;
    case "keys":
      return <Keys client={client} />;
    case "api-keys":
      return <ApiKeys client={client.id} />;
    case "users":
      return <Users client={client.id} />;
    case "documents":
      return <Documents client={client.id} />;
    case "money":
      return <Money client={client.id} part={part ?? "billing"} />;
  }
}
