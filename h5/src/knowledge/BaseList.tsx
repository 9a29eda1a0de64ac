/** The knowledge bases: which of them the conversation may use, and the way to their documents. */
import { Checkbox } from "antd";
import type { KnowledgeBase } from "../api/types";
import { useI18n } from "../i18n";
import { ErrorNote } from "../ui/ErrorNote";
import { useDeed } from "../ui/useDeed";
import { AddDocuments } from "./AddDocuments";
import type { Addition } from "./useAdditions";
import { BASES_CHOSEN_MAX, type Bases, titleOf } from "./useBases";
import type { Chosen, Scope } from "./useScope";
import { ForwardIcon } from "../ui/icons";

interface Props {
  bases: Bases;
  /** Null until it is known. */
  scope: Scope | null;
  /** With what a new base was made for. */
  onShow: (base: KnowledgeBase, additions: readonly Addition[]) => void;
}

export function BaseList({ bases, scope, onShow }: Props) {
  const { t } = useI18n();
  const { items } = bases;
  if (bases.error) return <ErrorNote error={bases.error} act={{ label: t.retry, run: () => void bases.reload() }} />;
  if (bases.loading) return <p className="muted">{t.loading}</p>;
  const own = items.some(({ owner }) => owner === "user");
  return (
    <div className="bases">
      {scope && items.length > 0 && <Everything scope={scope} />}
      {items.length === 0 && <p className="muted">{t.knowledge.none}</p>}
      <ul>
        {items.map((base) => (
          <li key={base.id} className="base">
            {scope && <Choice base={base} items={items} scope={scope} />}
            <BaseButton base={base} onShow={() => onShow(base, [])} />
          </li>
        ))}
      </ul>
      {bases.mayOwn && !own && <OwnBase bases={bases} onShow={onShow} />}
    </div>
  );
}

function isFull(chosen: Chosen): boolean {
  return chosen !== null && chosen.length >= BASES_CHOSEN_MAX;
}

function Everything({ scope: { chosen, choose, error } }: { scope: Scope }) {
  const { t } = useI18n();
  return (
    <div className="bases-all">
      <h3>{t.knowledge.choose}</h3>
      <Checkbox checked={chosen === null} onChange={({ target }) => choose(target.checked ? null : [])}>
        {t.knowledge.useAll}
      </Checkbox>
      {isFull(chosen) && <p className="muted">{t.knowledge.limit(BASES_CHOSEN_MAX)}</p>}
      {error && <ErrorNote error={error} />}
    </div>
  );
}

interface ChoiceProps {
  base: KnowledgeBase;
  items: readonly KnowledgeBase[];
  scope: Scope;
}

function Choice({ base, items, scope: { chosen, choose } }: ChoiceProps) {
  return (
    <Checkbox
      aria-label={titleOf(base)}
      checked={chosen === null || chosen.includes(base.id)}
      disabled={chosen !== null && isFull(chosen) && !chosen.includes(base.id)}
      onChange={() => choose(toggled(chosen, base.id, items))}
    />
  );
}

/**
 * Taking one base out of "all" leaves the others; choosing every one is not "all", which also
 * covers bases to come. What is not there any more is not chosen again.
 */
function toggled(chosen: Chosen, id: string, items: readonly KnowledgeBase[]): string[] {
  const before = items.map((base) => base.id).filter((one) => chosen === null || chosen.includes(one));
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

/** The documents are named first; the base for them is made when there are some. */
function OwnBase({ bases, onShow }: Pick<Props, "bases" | "onShow">) {
  const { t } = useI18n();
  const deed = useDeed();
  const make = async (additions: readonly Addition[]) =>
    onShow(await bases.makeOwn(t.knowledge.ownTitle), additions);
  return (
    <section className="own-base">
      <h3>{t.knowledge.ownTitle}</h3>
      <p className="muted">{t.knowledge.ownText}</p>
      <AddDocuments
        adding={deed.busy ? t.knowledge.adding(t.knowledge.ownTitle) : null}
        onAdd={(additions) => deed.run(() => make(additions), () => undefined)}
      />
      {deed.error && <ErrorNote error={deed.error} />}
    </section>
  );
}
