/** The knowledge bases: which a new conversation may use, and the way to their documents. */
import { Checkbox } from "antd";
import type { KnowledgeBase } from "../api/types";
import { useI18n } from "../i18n";
import { ErrorNote } from "../ui/ErrorNote";
import { FileButton } from "../ui/FileButton";
import { useDeed } from "../ui/useDeed";
import { BASES_CHOSEN_MAX, type Bases, titleOf } from "./useBases";
import { ForwardIcon } from "../ui/icons";

interface Props {
  bases: Bases;
  choosable: boolean;
  /** With the files a new base was made for. */
  onShow: (base: KnowledgeBase, files: readonly File[]) => void;
}

export function BaseList({ bases, choosable, onShow }: Props) {
  const { t } = useI18n();
  const { items, chosen, choose } = bases;
  if (bases.error) return <ErrorNote error={bases.error} act={{ label: t.retry, run: () => void bases.reload() }} />;
  if (bases.loading) return <p className="muted">{t.loading}</p>;
  const own = items.some(({ owner }) => owner === "user");
  const full = chosen !== null && chosen.length >= BASES_CHOSEN_MAX;
  return (
    <div className="bases">
      {!choosable && <p className="muted">{t.knowledge.fixed}</p>}
      {choosable && items.length > 0 && (
        <div className="bases-all">
          <Checkbox checked={chosen === null} onChange={({ target }) => choose(target.checked ? null : [])}>
            {t.knowledge.useAll}
          </Checkbox>
          {full && <p className="muted">{t.knowledge.limit(BASES_CHOSEN_MAX)}</p>}
        </div>
      )}
      {items.length === 0 && <p className="muted">{t.knowledge.none}</p>}
      <ul>
        {items.map((base) => (
          <li key={base.id} className="base">
            {choosable && (
              <Checkbox
                aria-label={titleOf(base)}
                checked={chosen === null || chosen.includes(base.id)}
                disabled={full && !chosen.includes(base.id)}
                onChange={() => choose(toggled(chosen, base.id, items))}
              />
            )}
            <BaseButton base={base} onShow={() => onShow(base, [])} />
          </li>
        ))}
      </ul>
      {bases.mayOwn && !own && <OwnBase bases={bases} onShow={onShow} />}
    </div>
  );
}

/** Taking one base out of "all" leaves the others; choosing every one is not "all", which also covers bases to come. */
function toggled(chosen: readonly string[] | null, id: string, items: readonly KnowledgeBase[]): string[] {
  const before = chosen ?? items.map((base) => base.id);
  const after = before.includes(id) ? before.filter((one) => one !== id) : [...before, id];
  return after.slice(0, BASES_CHOSEN_MAX);
}

function BaseButton({ base, onShow }: { base: KnowledgeBase; onShow: () => void }) {
  const { t } = useI18n();
  const title = titleOf(base);
  return (
    <button type="button" className="base-open" aria-label={t.knowledge.open(title)} onClick={onShow}>
      <span className="base-text">
        <span className="base-title">
          {title}
          {base.owner === "user" && <span className="tag">{t.knowledge.own}</span>}
        </span>
        {base.description && <span className="base-description">{base.description}</span>}
        <span className="base-count">{t.knowledge.documents(base.documents)}</span>
      </span>
      <ForwardIcon />
    </button>
  );
}

/** Files are chosen first; the base for them is made when there are some. */
function OwnBase({ bases, onShow }: Pick<Props, "bases" | "onShow">) {
  const { t } = useI18n();
  const deed = useDeed();
  const make = async (files: File[]) => onShow(await bases.makeOwn(t.knowledge.ownTitle), files);
  return (
    <section className="own-base">
      <h3>{t.knowledge.ownTitle}</h3>
      <p className="muted">{t.knowledge.ownText}</p>
      <FileButton
        label={t.knowledge.upload}
        busy={deed.busy}
        onFiles={(files) => deed.run(() => make(files), () => undefined)}
      />
      {deed.error && <ErrorNote error={deed.error} />}
    </section>
  );
}
