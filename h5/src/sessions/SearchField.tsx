/** Where one searches one's own conversations. */
import { useI18n } from "../i18n";
import { SearchIcon } from "../ui/icons";

/** The server's limit for a search, in characters. */
const SEARCH_CHARS_MAX = 100;
const ID = "search-conversations";
/** A drawer that is just opening has no field yet. */
const FRAMES_MAX = 30;

interface Props {
  value: string;
  onChange: (value: string) => void;
}

export function SearchField({ value, onChange }: Props) {
  const { t } = useI18n();
  return (
    <div className="search" role="search">
      <SearchIcon />
      <input
        id={ID}
        className="search-field"
        type="search"
        value={value}
        maxLength={SEARCH_CHARS_MAX}
        placeholder={t.search.placeholder}
        aria-label={t.search.placeholder}
        onChange={(event) => onChange(event.target.value)}
        onKeyDown={(event) => {
          if (event.key !== "Escape" || value === "") return;
          event.stopPropagation();
          onChange("");
        }}
      />
    </div>
  );
}

export function focusSearch(frames = 0): void {
  const field = document.getElementById(ID);
  if (field !== null) field.focus();
  else if (frames < FRAMES_MAX) requestAnimationFrame(() => focusSearch(frames + 1));
}
