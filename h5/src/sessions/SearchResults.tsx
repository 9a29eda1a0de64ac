/** Conversations in which the words were found, with the place marked. */
import { Button } from "antd";
import type { FoundMessage } from "../api/types";
import { stretches } from "../citation/codepoints";
import { useI18n } from "../i18n";
import { ErrorNote } from "../ui/ErrorNote";
import type { Search } from "./useSearch";

interface Props {
  search: Search;
  onOpen: (sessionId: string) => void;
}

export function SearchResults({ search, onOpen }: Props) {
  const { t } = useI18n();
  const { found, busy, error, more } = search;
  return (
    <section aria-label={t.search.results}>
      <p className="visually-hidden" role="status">
        {busy ? "" : t.search.count(found.length)}
      </p>
      {error && <ErrorNote error={error} />}
      {!busy && !error && found.length === 0 && <p className="muted sessions-none">{t.search.none}</p>}
      {busy && found.length === 0 && <p className="muted sessions-none">{t.loading}</p>}
      <ul>
        {found.map((one, index) => (
          <li key={`${one.session.id} ${one.message_id} ${index}`}>
            <button type="button" className="found" onClick={() => onOpen(one.session.id)}>
              <span className="found-title">{one.session.title || t.sessions.untitled}</span>
              <span className="found-excerpt">
                <Excerpt {...one} />
              </span>
            </button>
          </li>
        ))}
      </ul>
      {more && (
        <div className="center">
          <Button type="text" size="small" onClick={more}>
            {t.more}
          </Button>
        </div>
      )}
    </section>
  );
}

function Excerpt({ excerpt, start, end }: Pick<FoundMessage, "excerpt" | "start" | "end">) {
  return stretches(excerpt, 0, [{ start, end }]).map(({ text, marked }, index) =>
    marked ? <mark key={index}>{text}</mark> : text,
  );
}
