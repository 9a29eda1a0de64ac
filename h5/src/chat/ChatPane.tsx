/** One conversation: what was said, and where the next question is written. */
import { Button } from "antd";
import { useCallback, useEffect, useMemo, useRef, useSyncExternalStore } from "react";
import type { Api } from "../api";
import type { Rating } from "../api/types";
import type { Source } from "../citation/sources";
import { useI18n } from "../i18n";
import type { Bases } from "../knowledge/useBases";
import type { Chosen, Scope } from "../knowledge/useScope";
import { LowLine } from "../purse/LowLine";
import type { Purse } from "../purse/usePurse";
import { ErrorNote } from "../ui/ErrorNote";
import { useTouch } from "../ui/useMedia";
import { useOnline } from "../ui/useOnline";
import { Composer } from "./Composer";
import type { Conversation, ConversationState } from "./conversation";
import { focusQuestion } from "./focusQuestion";
import { Transcript } from "./Transcript";
import { isOpen, isWanting } from "./turns";
import { useAttachments } from "./useAttachments";
import { Welcome } from "./Welcome";
import { ScopeIcon } from "../ui/icons";

interface Props {
  api: Api;
  conversation: Conversation;
  bases: Bases;
  /** Null until it is known. */
  scope: Scope | null;
  /** Under which name the unsent question is kept. */
  draftOf: string;
  isNew: boolean;
  onCite: (source: Source) => void;
  onKnowledge: () => void;
  /** The conversation in the address is not there any more. */
  onMissing: () => void;
  /** Null where nobody pays. */
  purse: Purse | null;
  onTopUp: () => void;
  /** An answer has ended, or a question was refused for want of credit. */
  onSpent: () => void;
}

export function ChatPane(props: Props) {
  const { api, conversation, bases, scope, draftOf, isNew, onCite, onKnowledge, onMissing, purse, onTopUp, onSpent } = props;
  const { t } = useI18n();
  const online = useOnline();
  const state = useConversation(conversation, onMissing);
  const attachments = useAttachments(api, bases, scope, t.knowledge.ownTitle);
  const chosen = scope?.chosen ?? null;
  // once under way, a conversation that may use everything need not say so
  const limits = bases.items.length > 0 && (isNew || chosen !== null);
  const goOn = useGoingOn();
  const whose = purse?.whose ?? null;
  const wanting = state.turns.some(isWanting);
  useEffect(() => {
    // who pays may not be known yet
    if (wanting) onSpent();
  }, [wanting, onSpent]);
  const busy = state.turns.some(isOpen);
  useEnd(busy && purse !== null, onSpent);
  const acts = useMemo(
    () => ({
      cite: onCite,
      retry: (turnId: string) => conversation.retry(turnId),
      regenerate: (turnId: string) => {
        conversation.regenerate(turnId);
        goOn();
      },
      edit: (turnId: string, question: string) => {
        conversation.edit(turnId, question);
        goOn();
      },
      choose: (messageId: string) => void conversation.choose(messageId),
      rate: (turnId: string, rating: Rating) => conversation.rate(turnId, rating),
      remove: (turnId: string) => conversation.remove(turnId),
      topUp: whose === null ? null : onTopUp,
    }),
    [conversation, onCite, goOn, whose, onTopUp],
  );
  return (
    <>
      {state.turns.length > 0 ? (
        <Transcript state={state} acts={acts} onOlder={() => void conversation.loadOlder()} />
      ) : (
        <Empty state={state} bases={bases} chosen={chosen} onKnowledge={onKnowledge} onAsk={(question) => conversation.ask(question)} onRetry={() => void conversation.open()} />
      )}
      <div className="column dock">
        {!online && (
          <p className="note" role="status">
            {t.chat.offline}
          </p>
        )}
        {purse && <LowLine purse={purse} onTopUp={onTopUp} />}
        {state.refused && <ErrorNote error={state.refused} />}
        <Composer
          draftOf={draftOf}
          busy={busy}
          onSend={(question) => conversation.ask(question)}
          attachments={attachments}
          onStop={() => void conversation.stop()}
          tools={limits ? <ScopeButton chosen={chosen} onClick={onKnowledge} /> : null}
        />
      </div>
    </>
  );
}

/** What was pressed is gone: a keyboard goes on at the question; a phone's would cover the answer. */
function useGoingOn(): () => void {
  const touch = useTouch();
  return useCallback(() => {
    if (!touch) focusQuestion();
  }, [touch]);
}

/** Acts once something that went on has ended. */
function useEnd(going: boolean, act: () => void): void {
  const before = useRef(going);
  useEffect(() => {
    if (before.current && !going) act();
    before.current = going;
  }, [going, act]);
}

function useConversation(conversation: Conversation, onMissing: () => void): ConversationState {
  const state = useSyncExternalStore(conversation.subscribe, conversation.snapshot);
  const missing = state.loadError?.code === "not_found";
  useEffect(() => {
    void conversation.open();
    return () => conversation.close();
  }, [conversation]);
  useEffect(() => {
    if (missing) onMissing();
  }, [missing, onMissing]);
  return state;
}

interface EmptyProps extends Pick<Props, "bases" | "onKnowledge"> {
  chosen: Chosen;
  state: ConversationState;
  onAsk: (question: string) => void;
  onRetry: () => void;
}

/** Nothing to read: not yet, not reachable, or not begun. */
function Empty({ state, bases, chosen, onKnowledge, onAsk, onRetry }: EmptyProps) {
  const { t } = useI18n();
  if (state.loading) return <p className="muted center grow">{t.loading}</p>;
  if (state.loadError === null) return <Welcome bases={bases} chosen={chosen} onKnowledge={onKnowledge} onAsk={onAsk} />;
  return (
    <div className="column grow">
      <ErrorNote error={state.loadError} act={{ label: t.retry, run: onRetry }} />
    </div>
  );
}

/** What the conversation may use. */
function ScopeButton({ chosen, onClick }: { chosen: Chosen; onClick: () => void }) {
  const { t } = useI18n();
  const words =
    chosen === null ? t.knowledge.all : chosen.length === 0 ? t.knowledge.nothing : t.knowledge.some(chosen.length);
  return (
    <Button type="text" size="small" className="scope" icon={<ScopeIcon />} onClick={onClick}>
      {words}
    </Button>
  );
}
