/** What a conversation shows before anything was asked. */
import { useI18n } from "../i18n";
import { suggestionsOf } from "./suggestions";
import { type Bases, titleOf } from "../knowledge/useBases";
import type { Chosen } from "../knowledge/useScope";

/** As many as fit a phone above the keyboard. */
const BASES_SHOWN = 4;

interface Props {
  bases: Bases;
  chosen: Chosen;
  onKnowledge: () => void;
  onAsk: (question: string) => void;
}

export function Welcome({ bases, chosen, onKnowledge, onAsk }: Props) {
  const { t } = useI18n();
  const used = bases.items.filter(({ id, documents }) => documents > 0 && (chosen === null || chosen.includes(id)));
  return (
    <div className="welcome grow">
      <h2>{t.chat.welcome}</h2>
      <p>{t.chat.welcomeText}</p>
      <Suggestions questions={suggestionsOf(used)} onAsk={onAsk} />
      {used.length > 0 && (
        <section>
          <h3>{t.chat.answersFrom}</h3>
          <ul>
            {used.slice(0, BASES_SHOWN).map((base) => (
              <li key={base.id}>
                <button type="button" className="welcome-base" onClick={onKnowledge}>
                  <span className="base-title">{titleOf(base)}</span>
                  <span className="base-count">{t.knowledge.documents(base.documents)}</span>
                </button>
              </li>
            ))}
          </ul>
        </section>
      )}
    </div>
  );
}

function Suggestions({ questions, onAsk }: { questions: readonly string[]; onAsk: Props["onAsk"] }) {
  const { t } = useI18n();
  if (questions.length === 0) return null;
  return (
    <section aria-label={t.chat.suggestions}>
      <ul className="suggestions">
        {questions.map((question) => (
          <li key={question}>
            <button type="button" className="suggestion" onClick={() => onAsk(question)}>
              {question}
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
