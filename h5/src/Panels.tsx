/** The panels over the chat, each loaded when it is first wanted. */
import { lazy } from "react";
import type { Api } from "./api";
import type { Bases } from "./knowledge/useBases";
import type { Scope } from "./knowledge/useScope";
import type { Purse } from "./purse/usePurse";
import type { Settings } from "./sessions/useSettings";
import type { SideBarProps } from "./SideBar";
import { Later } from "./ui/Later";
import type { PanelsState } from "./usePanels";

const CitationSheet = lazy(() => import("./citation/CitationSheet"));
const KnowledgeSheet = lazy(() => import("./knowledge/KnowledgeSheet"));
const HelpSheet = lazy(() => import("./ui/HelpSheet"));
const SettingsSheet = lazy(() => import("./sessions/SettingsSheet"));
const PurseSheet = lazy(() => import("./purse/PurseSheet"));
const SessionDrawer = lazy(() => import("./sessions/SessionDrawer"));

interface Props {
  panels: PanelsState;
  api: Api;
  bases: Bases;
  scope: Scope | null;
  settings: Settings | null;
  /** Null where nobody pays. */
  purse: Purse | null;
  /** Something was bought or paid. */
  onMoney: () => void;
  /** Null where conversations stand beside the chat and need no panel. */
  list: SideBarProps | null;
}

export function Panels({ panels, api, bases, scope, settings, purse, onMoney, list }: Props) {
  const { shown, seen, source, close } = panels;
  return (
    <Later>
      {list && seen.has("sessions") && <SessionDrawer {...list} open={shown === "sessions"} onClose={close} />}
      {seen.has("knowledge") && (
        <KnowledgeSheet api={api} bases={bases} scope={scope} open={shown === "knowledge"} onClose={close} />
      )}
      {seen.has("settings") && (
        <SettingsSheet api={api} settings={settings} open={shown === "settings"} onClose={close} />
      )}
      {purse && seen.has("purse") && (
        <PurseSheet api={api} purse={purse} open={shown === "purse"} onMoney={onMoney} onClose={close} />
      )}
      {seen.has("help") && <HelpSheet open={shown === "help"} onClose={close} />}
      {source && <CitationSheet api={api} source={source} open={shown === "citation"} onClose={close} />}
    </Later>
  );
}
