/** The chat with what stands around it: conversations, knowledge, the sheet of a citation. */
import { lazy, useCallback, useMemo, useRef } from "react";
import type { AccessStore } from "./access/access";
import { api as makeApi } from "./api";
import { http } from "./api/http";
import type { SessionSettings } from "./api/types";
import { ChatPane } from "./chat/ChatPane";
import { NEW } from "./chat/drafts";
import { focusQuestion } from "./chat/focusQuestion";
import { Header } from "./Header";
import { useHostedChat } from "./host/useHostedChat";
import { useI18n } from "./i18n";
import { useBases } from "./knowledge/useBases";
import { useScope } from "./knowledge/useScope";
import { Panels } from "./Panels";
import { usePurse } from "./purse/usePurse";
import { SideBar } from "./SideBar";
import { useSessions } from "./sessions/useSessions";
import { useSession } from "./sessions/useSession";
import { focusSearch } from "./sessions/SearchField";
import { useSettings } from "./sessions/useSettings";
import { Later } from "./ui/Later";
import { useWide } from "./ui/useMedia";
import { useActiveConversation } from "./useActiveConversation";
import { useKeys } from "./useKeys";
import { usePanels } from "./usePanels";

const SessionMenu = lazy(() => import("./sessions/SessionMenu"));

export function Workspace({ store, onEnded }: { store: AccessStore; onEnded: () => void }) {
  const { t } = useI18n();
  const wide = useWide();
  const api = useMemo(() => {
    const bearer = () => store.get()?.bearer ?? null;
    return makeApi(http({ bearer, language: () => document.documentElement.lang, ended: onEnded }));
  }, [store, onEnded]);
  const sessions = useSessions(api);
  const bases = useBases(api);
  const chosen = useRef<SessionSettings | null>(null);
  const active = useActiveConversation(api, sessions, bases, chosen);
  const panels = usePanels();
  const { purse, reload: reloadPurse } = usePurse(api);
  const { open, startNew, sessionId } = active;
  const session = useSession(api, sessions, sessionId);
  useHostedChat({ sessionId, session, open, startNew });
  const { settings, chosen: forNew } = useSettings(sessions, sessionId, session);
  chosen.current = forNew;
  const scope = useScope(bases, sessions, sessionId, session);

  const showKnowledge = useCallback(() => panels.show("knowledge"), [panels.show]);
  const showPurse = useCallback(() => panels.show("purse"), [panels.show]);
  const onPurse = purse && showPurse;
  const go = (act: () => void) => {
    act();
    panels.close();
  };
  const list = {
    api,
    sessions,
    activeId: sessionId,
    onOpen: (id: string) => go(() => open(id)),
    onNew: () => go(startNew),
    onRemoved: (id: string) => id === sessionId && startNew(),
    onKnowledge: showKnowledge,
    onPurse,
    onHelp: () => panels.show("help"),
  };
  const onSearch = () => {
    if (!wide) panels.show("sessions");
    focusSearch();
  };
  useKeys({ panels, conversation: active.conversation, onNew: list.onNew, onSearch });
  return (
    <div className="workspace">
      <button type="button" className="skip" onClick={focusQuestion}>
        {t.nav.skip}
      </button>
      {wide && <SideBar {...list} />}
      <main className="main">
        <Header
          title={session?.title ?? ""}
          wide={wide}
          onSessions={() => panels.show("sessions")}
          onNew={list.onNew}
          menu={
            <Later>
              <SessionMenu
                api={api}
                sessions={sessions}
                session={session}
                onSettings={() => panels.show("settings")}
                onPurse={onPurse}
                onHelp={list.onHelp}
                onRemoved={list.onRemoved}
              />
            </Later>
          }
        />
        <ChatPane
          key={active.key}
          api={api}
          conversation={active.conversation}
          bases={bases}
          scope={scope}
          draftOf={sessionId ?? NEW}
          isNew={sessionId === null}
          onCite={panels.cite}
          onKnowledge={showKnowledge}
          onMissing={startNew}
          purse={purse}
          onTopUp={showPurse}
          onSpent={reloadPurse}
        />
      </main>
      <Panels
        panels={panels}
        api={api}
        bases={bases}
        scope={scope}
        settings={settings}
        purse={purse}
        onMoney={reloadPurse}
        list={wide ? null : list}
      />
    </div>
  );
}
