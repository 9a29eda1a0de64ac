/** From the link to the chat, and out of it when the session ends. */
import { Button, ConfigProvider } from "antd";
import { useCallback, useEffect, useMemo, useState } from "react";
import { announceEnd, reentryAddress } from "./access/ended";
import type { AccessStore } from "./access/access";
import type { Beginning } from "./access/exchange";
import { useI18n } from "./i18n";
import { Notice } from "./Notice";
import { themeOf } from "./theme";
import { sentenceOf } from "./ui/ErrorNote";
import { Boundary } from "./ui/Later";
import { useDark, useStill } from "./ui/useMedia";
import { Workspace } from "./Workspace";

type Phase = { kind: "beginning" } | Beginning | { kind: "ended"; reentryUrl: string | null };

interface Props {
  store: AccessStore;
  /** Begins the visit; called again when a person asks to try again. */
  begin: () => Promise<Beginning>;
}

export function App({ store, begin }: Props) {
  const dark = useDark();
  const still = useStill();
  const theme = useMemo(() => themeOf(dark, still), [dark, still]);
  const [phase, setPhase] = useState<Phase>({ kind: "beginning" });

  const start = useCallback(() => {
    setPhase({ kind: "beginning" });
    void begin().then(setPhase);
  }, [begin]);
  useEffect(start, [start]);

  const end = useCallback(() => {
    const access = store.get();
    // many requests may learn of the end at once; only the first has something to do
    if (access === null) return;
    store.clear();
    setPhase({ kind: "ended", reentryUrl: access.reentryUrl });
    announceEnd(access.clientId, access.reentryUrl, window);
  }, [store]);

  return (
    <ConfigProvider theme={theme} button={{ autoInsertSpace: false }}>
      <Boundary failed={<Broken />}>
        {phase.kind === "in" ? <Workspace store={store} onEnded={end} /> : <Outside phase={phase} retry={start} />}
      </Boundary>
    </ConfigProvider>
  );
}

/** Everything that is shown instead of the chat. */
function Outside({ phase, retry }: { phase: Exclude<Phase, { kind: "in" }>; retry: () => void }) {
  const { t } = useI18n();
  switch (phase.kind) {
    case "beginning":
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
  const framed = window.parent !== window;
  const again = address && (
    // the whole window: a host page rarely shows itself inside its own frame
    <Button type="primary" href={address} target="_top" rel="noopener noreferrer">
      {t.ended.again}
    </Button>
  );
  return <Notice title={t.ended.title} text={framed && !address ? t.ended.framed : t.ended.text} action={again} />;
}
