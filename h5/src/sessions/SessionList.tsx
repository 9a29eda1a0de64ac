/** Conversations to choose from, by age, with more loaded as the end comes into view. */
import { Button, Dropdown, type MenuProps } from "antd";
import { useEffect, useRef, useState } from "react";
import type { Api } from "../api";
import type { Session } from "../api/types";
import { useI18n } from "../i18n";
import { ErrorNote } from "../ui/ErrorNote";
import { byAge } from "./groups";
import { RemoveDialog, RenameDialog } from "./dialogs";
import { SearchField } from "./SearchField";
import { SearchResults } from "./SearchResults";
import { useSearch } from "./useSearch";
import type { Sessions } from "./useSessions";
import { DeleteIcon, MoreIcon, RenameIcon } from "../ui/icons";

interface Props {
  api: Api;
  sessions: Sessions;
  activeId: string | null;
  onOpen: (id: string) => void;
  onRemoved: (id: string) => void;
}

type Asking = { deed: "rename" | "remove"; session: Session } | null;

export default function SessionList({ api, sessions, activeId, onOpen, onRemoved }: Props) {
  const [asking, setAsking] = useState<Asking>(null);
  const { items } = sessions;
  const done = () => setAsking(null);
  const search = useSearch(api);
  return (
    <div className="sessions">
      {(items.length > 0 || search.query !== "") && <SearchField value={search.query} onChange={search.setQuery} />}
      {search.query.trim() !== "" ? (
        <SearchResults search={search} onOpen={onOpen} />
      ) : (
        <Groups sessions={sessions} activeId={activeId} onOpen={onOpen} onAsk={(deed, session) => setAsking({ deed, session })} />
      )}
      {asking?.deed === "rename" && <RenameDialog session={asking.session} rename={(id, title) => sessions.change(id, { title })} onDone={done} />}
      {asking?.deed === "remove" && (
        <RemoveDialog
          session={asking.session}
          remove={async (id) => {
            await sessions.remove(id);
            onRemoved(id);
          }}
          onDone={done}
        />
      )}
    </div>
  );
}

interface GroupsProps extends Pick<Props, "sessions" | "activeId" | "onOpen"> {
  onAsk: (deed: "rename" | "remove", session: Session) => void;
}

function Groups({ sessions, activeId, onOpen, onAsk }: GroupsProps) {
  const { t } = useI18n();
  const { items, loading, error } = sessions;
  return (
    <>
      {byAge(items, new Date()).map(({ age, sessions: group }) => (
        <section key={age}>
          <h3>{t.sessions[age]}</h3>
          <ul>
            {group.map((session) => (
              <Row
                key={session.id}
                session={session}
                active={session.id === activeId}
                onOpen={onOpen}
                onAsk={(deed) => onAsk(deed, session)}
              />
            ))}
          </ul>
        </section>
      ))}
      {error && <ErrorNote error={error} act={{ label: t.retry, run: sessions.loadMore }} />}
      {!error && !loading && items.length === 0 && <p className="muted sessions-none">{t.sessions.none}</p>}
      {!error && sessions.hasMore && <More loading={loading} onMore={sessions.loadMore} />}
    </>
  );
}

interface RowProps {
  session: Session;
  active: boolean;
  onOpen: (id: string) => void;
  onAsk: (deed: "rename" | "remove") => void;
}

function Row({ session, active, onOpen, onAsk }: RowProps) {
  const { t } = useI18n();
  const title = session.title || t.sessions.untitled;
  return (
    <li className={active ? "session active" : "session"}>
      <button
        type="button"
        className="session-open"
        aria-current={active ? "true" : undefined}
        title={title}
        onClick={() => onOpen(session.id)}
      >
        {title}
      </button>
      <RowMenu title={title} onAsk={onAsk} />
    </li>
  );
}

function RowMenu({ title, onAsk }: Pick<RowProps, "onAsk"> & { title: string }) {
  const { t } = useI18n();
  const items = [
    { key: "rename", label: t.sessions.rename, icon: <RenameIcon /> },
    { key: "remove", label: t.remove, icon: <DeleteIcon />, danger: true },
  ];
  const onClick: MenuProps["onClick"] = ({ key, domEvent }) => {
    // or the Enter that chooses would also be pressed in the dialog that opens
    domEvent.preventDefault();
    onAsk(key === "rename" ? "rename" : "remove");
  };
  const label = t.sessions.actions(title);
  return (
    // autoFocus: a keyboard goes on in the menu it has opened
    <Dropdown autoFocus trigger={["click"]} placement="bottomRight" menu={{ items, onClick }}>
      <Button type="text" size="small" className="session-more" icon={<MoreIcon />} aria-label={label} />
    </Dropdown>
  );
}

/** A button, so that a keyboard reaches it too; it presses itself when it comes into view. */
function More({ loading, onMore }: { loading: boolean; onMore: () => void }) {
  const { t } = useI18n();
  const end = useRef<HTMLDivElement>(null);
  const press = useRef(onMore);
  press.current = onMore;
  useEffect(() => {
    if (end.current === null || loading) return;
    const observer = new IntersectionObserver(([entry]) => entry?.isIntersecting && press.current());
    observer.observe(end.current);
    return () => observer.disconnect();
  }, [loading]);
  return (
    <div className="center" ref={end}>
      <Button type="text" size="small" loading={loading} onClick={onMore}>
        {t.more}
      </Button>
    </div>
  );
}
