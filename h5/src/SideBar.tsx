/** Conversations and the few things that are the same in all of them. */
import { Button } from "antd";
import { lazy } from "react";
import type { Api } from "./api";
import { useI18n } from "./i18n";
import type { Sessions } from "./sessions/useSessions";
import { ChatIcon, HelpIcon, KnowledgeIcon, LanguageIcon, PurseIcon } from "./ui/icons";
import { Later } from "./ui/Later";

const SessionList = lazy(() => import("./sessions/SessionList"));

export interface SideBarProps {
  api: Api;
  sessions: Sessions;
  activeId: string | null;
  onOpen: (id: string) => void;
  onNew: () => void;
  onRemoved: (id: string) => void;
  onKnowledge: () => void;
  /** Null where nobody pays. */
  onPurse: (() => void) | null;
  onHelp: () => void;
}

export function SideBar({ api, sessions, activeId, onOpen, onNew, onRemoved, ...feet }: SideBarProps) {
  const { t } = useI18n();
  return (
    <nav className="sidebar" aria-label={t.nav.sessions}>
      <Button block icon={<ChatIcon />} className="sidebar-new" onClick={onNew}>
        {t.nav.newChat}
      </Button>
      <div className="sidebar-list">
        <Later>
          <SessionList api={api} sessions={sessions} activeId={activeId} onOpen={onOpen} onRemoved={onRemoved} />
        </Later>
      </div>
      <Foot {...feet} />
    </nav>
  );
}

function Foot({ onKnowledge, onPurse, onHelp }: Pick<SideBarProps, "onKnowledge" | "onPurse" | "onHelp">) {
  const { t, switchLang } = useI18n();
  return (
    <>
      {onPurse && (
        <div className="sidebar-foot">
          <Button type="text" icon={<PurseIcon />} onClick={onPurse}>
            {t.purse.title}
          </Button>
        </div>
      )}
      <div className="sidebar-foot">
        <Button type="text" icon={<KnowledgeIcon />} onClick={onKnowledge}>
          {t.nav.knowledge}
        </Button>
        <span className="spring" />
        <Button type="text" icon={<HelpIcon />} aria-label={t.nav.help} title={t.nav.help} onClick={onHelp} />
        <Button type="text" icon={<LanguageIcon />} aria-label={t.nav.languageLabel} onClick={switchLang}>
          {t.nav.language}
        </Button>
      </div>
    </>
  );
}
