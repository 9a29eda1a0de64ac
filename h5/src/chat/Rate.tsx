/** What a person thinks of an answer, and why. */
import { Button } from "antd";
import { type FormEvent, useState } from "react";
import type { Rating } from "../api/types";
import { useI18n } from "../i18n";
import { ErrorNote } from "../ui/ErrorNote";
import { DislikeIcon, LikeIcon } from "../ui/icons";
import { useDeed } from "../ui/useDeed";

/** The server's limit for a comment. */
const COMMENT_CHARS_MAX = 2_000;

export interface Rated {
  rating: Rating | null;
  asking: boolean;
  busy: boolean;
  give: (value: "up" | "down") => void;
  explain: (comment: string) => void;
  done: () => void;
  note: React.ReactNode;
}

export function useRating(rating: Rating | null, rate: (rating: Rating) => Promise<void>): Rated {
  const deed = useDeed();
  const [asking, setAsking] = useState(false);
  const give = (value: "up" | "down") => {
    // the same once more takes it back
    const next = rating?.value === value ? null : value;
    deed.run(() => rate({ value: next, comment: null }), () => setAsking(next === "down"));
  };
  const explain = (comment: string) => deed.run(() => rate({ value: "down", comment }), () => setAsking(false));
  const note = deed.error && <ErrorNote error={deed.error} />;
  return { rating, asking, busy: deed.busy, give, explain, done: () => setAsking(false), note };
}

export function Thumbs({ rated: { rating, busy, give } }: { rated: Rated }) {
  const { t } = useI18n();
  const thumb = (value: "up" | "down", label: string, icon: (filled: boolean) => React.ReactNode) => {
    const pressed = rating?.value === value;
    return (
      <Button
        type="text"
        size="small"
        className={pressed ? "thumb pressed" : "thumb"}
        icon={icon(pressed)}
        aria-label={label}
        aria-pressed={pressed}
        disabled={busy}
        title={label}
        onClick={() => give(value)}
      />
    );
  };
  return (
    <>
      {thumb("up", t.turns.good, (filled) => <LikeIcon filled={filled} />)}
      {thumb("down", t.turns.bad, (filled) => <DislikeIcon filled={filled} />)}
    </>
  );
}

/** Asked only after a thumb down, and only once: nobody has to answer. */
export function Why({ rated }: { rated: Rated }) {
  const { t } = useI18n();
  const [comment, setComment] = useState("");
  if (!rated.asking) return rated.note;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    rated.explain(comment.trim());
  };
  return (
    <form className="why" onSubmit={submit}>
      <input
        className="field"
        autoFocus
        value={comment}
        maxLength={COMMENT_CHARS_MAX}
        placeholder={t.turns.why}
        aria-label={t.turns.why}
        onChange={(event) => setComment(event.target.value)}
        onKeyDown={(event) => event.key === "Escape" && rated.done()}
      />
      <Button htmlType="submit" loading={rated.busy} disabled={comment.trim() === ""}>
        {t.turns.tell}
      </Button>
      <Button type="text" onClick={rated.done}>
        {t.turns.skip}
      </Button>
      {rated.note}
    </form>
  );
}
