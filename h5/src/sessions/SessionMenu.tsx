/** What can be done with the shown conversation. */
import { Button, Dropdown, type MenuProps } from "antd";
import { useState } from "react";
import type { Api } from "../api";
import { type ApiError, asApiError } from "../api/error";
import type { ExportFormat, Session } from "../api/types";
import { useI18n } from "../i18n";
import { download } from "../ui/download";
import { ErrorNote } from "../ui/ErrorNote";
import { DeleteIcon, ExportIcon, HelpIcon, MoreIcon, PurseIcon, RenameIcon, SettingsIcon } from "../ui/icons";
import { RemoveDialog, RenameDialog } from "./dialogs";
import type { Sessions } from "./useSessions";

interface Props {
  api: Api;
  sessions: Sessions;
  /** Null for a new conversation. */
  session: Session | null;
  onSettings: () => void;
  /** Null where nobody pays. */
  onPurse: (() => void) | null;
  onHelp: () => void;
  onRemoved: (id: string) => void;
}

type Deed = "settings" | "purse" | "rename" | "markdown" | "json" | "help" | "remove";

export default function SessionMenu({ api, sessions, session, onSettings, onPurse, onHelp, onRemoved }: Props) {
  const { t } = useI18n();
  const [asking, setAsking] = useState<"rename" | "remove" | null>(null);
  const [error, setError] = useState<ApiError | null>(null);
  const done = () => setAsking(null);
  const save = (format: ExportFormat) => {
    if (session === null) return;
    setError(null);
    api
      .exportSession(session.id, format)
      .then((response) => download(response, format === "json" ? "chat.json" : "chat.md"))
      .catch((reason: unknown) => setError(asApiError(reason)));
  };
  const deeds: Record<Deed, () => void> = {
    settings: onSettings,
    purse: () => onPurse?.(),
    rename: () => setAsking("rename"),
    markdown: () => save("markdown"),
    json: () => save("json"),
    help: onHelp,
    remove: () => setAsking("remove"),
  };
  const onClick: MenuProps["onClick"] = ({ key, domEvent }) => {
    // or the Enter that chooses would also be pressed in the dialog that opens
    domEvent.preventDefault();
    deeds[key as Deed]();
  };
  return (
    <>
      <Dropdown autoFocus trigger={["click"]} placement="bottomRight" menu={{ items: useItems(session, onPurse !== null), onClick }}>
        <Button type="text" icon={<MoreIcon />} aria-label={t.nav.menu} />
      </Dropdown>
      {error && (
        <div className="mishap">
          <ErrorNote error={error} about={t.sessions.notExported} act={{ label: t.close, run: () => setError(null) }} />
        </div>
      )}
      {session && asking === "rename" && (
        <RenameDialog session={session} rename={(id, title) => sessions.change(id, { title })} onDone={done} />
      )}
      {session && asking === "remove" && (
        <RemoveDialog
          session={session}
          remove={async (id) => {
            await sessions.remove(id);
            onRemoved(id);
          }}
          onDone={done}
        />
      )}
    </>
  );
}

function useItems(session: Session | null, paying: boolean): NonNullable<MenuProps["items"]> {
  const { t } = useI18n();
  const always = [
    { key: "settings", label: t.settings.title, icon: <SettingsIcon /> },
    ...(paying ? [{ key: "purse", label: t.purse.title, icon: <PurseIcon /> }] : []),
    { key: "help", label: t.nav.help, icon: <HelpIcon /> },
  ];
  if (session === null) return always;
  return [
    { key: "rename", label: t.sessions.rename, icon: <RenameIcon /> },
    { key: "markdown", label: t.sessions.exportMarkdown, icon: <ExportIcon /> },
    { key: "json", label: t.sessions.exportJson, icon: <ExportIcon /> },
    { type: "divider" },
    ...always,
    { type: "divider" },
    { key: "remove", label: t.remove, icon: <DeleteIcon />, danger: true },
  ];
}
