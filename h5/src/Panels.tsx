/** The panels over the chat, each loaded when it is first wanted. */
import { lazy, Suspense } from "react";
import type { Api } from "./api";
import type { Bases } from "./knowledge/useBases";
import type { SideBarProps } from "./SideBar";
import type { PanelsState } from "./usePanels";

const CitationSheet = lazy(() => import("./citation/CitationSheet"));
const KnowledgeSheet = lazy(() => import("./knowledge/KnowledgeSheet"));
const SessionDrawer = lazy(() => import("./sessions/SessionDrawer"));

interface Props {
  panels: PanelsState;
  api: Api;
  bases: Bases;
  choosable: boolean;
  /** Null where conversations stand beside the chat and need no panel. */
  list: SideBarProps | null;
}

export function Panels({ panels, api, bases, choosable, list }: Props) {
  const { shown, seen, citation, close } = panels;
  return (
    <Suspense>
      {list && seen.has("sessions") && <SessionDrawer {...list} open={shown === "sessions"} onClose={close} />}
      {seen.has("knowledge") && (
        <KnowledgeSheet
          api={api}
          bases={bases}
          choosable={choosable}
          open={shown === "knowledge"}
          onClose={close}
        />
      )}
      {citation && <CitationSheet api={api} citation={citation} open={shown === "citation"} onClose={close} />}
    </Suspense>
  );
}
