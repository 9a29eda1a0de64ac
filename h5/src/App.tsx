/** From the link to the chat, and out of it when the session ends. */
import { Button, ConfigProvider } from "antd";
import { useMemo } from "react";
import type { AccessStore } from "./access/access";
import { reentryAddress } from "./access/ended";
import type { Beginning } from "./access/exchange";
import { type Phase, useVisit } from "./access/useVisit";
import { useHost, useHosted } from "./host/context";
import { useI18n } from "./i18n";
import { Notice } from "./Notice";
import { themeOf } from "./theme";
import { sentenceOf } from "./ui/ErrorNote";
import { Boundary } from "./ui/Later";
import { chooseLook, useDark } from "./ui/look";
import { useStill } from "./ui/useMedia";
import { Workspace } from "./Workspace";

interface Props {
  store: AccessStore;
  /** Begins the visit; called again when a person asks to try again. */
  begin: () => Promise<Beginning>;
}

export function App({ store, begin }: Props) {
  const dark = useDark();
  const still = useStill();
  const theme = useMemo(() => themeOf(dark, still), [dark, still]);
  const { phase, start, end } = useVisit(store, begin);
  useHostedLooks();
  return (
    <ConfigProvider theme={theme} button={{ autoInsertSpace: false }}>
      <Boundary failed={<Broken />}>
        {phase.kind === "in" ? (
          // another person's page begins anew
          <Workspace key={`${phase.access.clientId} ${phase.access.userId}`} store={store} onEnded={end} />
        ) : (
          <Outside phase={phase} retry={start} />
        )}
      </Boundary>
    </ConfigProvider>
  );
}

/** The site around the page may choose its colours and its language. */
function useHostedLooks(): void {
  const { setLang } = useI18n();
  useHosted("concierge:theme", ({ theme }) => chooseLook(theme, false));
  useHosted("concierge:language", ({ language }) => setLang(language));
}

/** Everything that is shown instead of the chat. */
function Outside({ phase, retry }: { phase: Exclude<Phase, { kind: "in" }>; retry: () => void }) {
  const { t } = useI18n();
  switch (phase.kind) {
    case "beginning":
    case "awaiting":
      return <Beginning />;
    case "stranger":
      return <Notice {...t.noEntry} />;
    case "refused":
      return <Notice {...t.refused} />;
    case "failed": {
      const again = <Button onClick={retry}>{t.retry}</Button>;
      return <Notice title={t.failed.title} text={sentenceOf(phase.error, t)} action={again} />;
    }
    case "ended":
      return <Ended reentryUrl={phase.reentryUrl} />;
  }
}

function Beginning() {
  const { t } = useI18n();
  return (
    <main className="notice" aria-busy="true">
      <span className="dots" aria-hidden />
      <p className="muted">{t.loading}</p>
    </main>
  );
}

function Broken() {
  const { t } = useI18n();
  const again = <Button onClick={() => location.reload()}>{t.missingPart.reload}</Button>;
  return <Notice {...t.broken} action={again} />;
}

function Ended({ reentryUrl }: { reentryUrl: string | null }) {
  const { t } = useI18n();
  const address = reentryAddress(reentryUrl);
  const { framed } = useHost();
  const again = address && (
    // the whole window: a host page rarely shows itself inside its own frame
    <Button type="primary" href={address} target="_top" rel="noopener noreferrer">
      {t.ended.again}
    </Button>
  );
  return <Notice title={t.ended.title} text={framed && !address ? t.ended.framed : t.ended.text} action={again} />;
}
