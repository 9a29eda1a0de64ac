/** Turns (a question and its answer), and how messages and events become them. Pure. */
import type { AnswerEvent } from "../api/events";
import type { ApiError } from "../api/error";
import type { Citation, Message, MessageError, MessageState, Passage, Rating, Usage } from "../api/types";

export interface Answer {
  /** Null until the server has begun it. */
  id: string | null;
  text: string;
  state: "waiting" | MessageState;
  /** What was found for the question; known only to a page that saw it happen. */
  passages: Passage[];
  citations: Citation[];
  model: string | null;
  usage: Usage | null;
  error: MessageError | null;
  /** The answers to the same question in the order of their making, this one among them. */
  siblings: readonly string[];
  rating: Rating | null;
}

export interface Turn {
  /** The id of the question. */
  id: string;
  question: string;
  /** The wordings of the same question in the order of their making, this one among them. */
  siblings: readonly string[];
  /** The question this one is another wording of, until the server has it. */
  editOf: string | null;
  /** The answer this one is to stand beside, and the id of the new one, until the server has it. */
  again: { answer: string; id: string } | null;
  answer: Answer | null;
  /** False while a dropped stream is being picked up again. */
  connected: boolean;
  /** Why asking or following was given up; a retry clears it. */
  trouble: ApiError | null;
}

export const WAITING: Answer = {
  id: null,
  text: "",
  state: "waiting",
  passages: [],
  citations: [],
  model: null,
  usage: null,
  error: null,
  siblings: [],
  rating: null,
};

export function askedTurn(id: string, question: string): Turn {
  return {
    id,
    question,
    siblings: [id],
    editOf: null,
    again: null,
    answer: WAITING,
    connected: true,
    trouble: null,
  };
}

/** The same question in other words. */
export function editedTurn(id: string, question: string, { id: editOf, siblings }: Turn): Turn {
  return { ...askedTurn(id, question), siblings: [...siblings, id], editOf };
}

/** The same question with another answer to come. */
export function askedAgain(turn: Turn, id: string): Turn {
  const answer = turn.answer?.id ?? null;
  if (answer === null) return turn;
  const siblings = [...(turn.answer?.siblings ?? []), id];
  return { ...turn, again: { answer, id }, answer: { ...WAITING, siblings }, connected: true, trouble: null };
}

/** It was refused, or broke off, for want of credit. */
export function isWanting({ trouble, answer }: Turn): boolean {
  return trouble?.code === "out_of_credit" || answer?.error?.code === "out_of_credit";
}

export function isOpen(turn: Turn): boolean {
  const state = turn.answer?.state;
  return turn.trouble === null && (state === "waiting" || state === "running");
}

export function answerOf(message: Message): Answer {
  const { id, content: text, state, citations, siblings, model = null, usage = null, error = null, rating = null } = message;
  return { id, text, state, passages: [], citations, model, usage, error, siblings, rating };
}

/** What the answer is after `event`. */
export function advance(answer: Answer, event: AnswerEvent): Answer {
  switch (event.type) {
    case "start":
      // a stream followed from its beginning tells everything again
      return {
        ...WAITING,
        id: event.message_id,
        model: event.model,
        state: "running",
        siblings: withSibling(answer.siblings, event.message_id),
      };
    case "passages":
      return { ...answer, passages: event.passages };
    case "delta":
      return { ...answer, text: answer.text + event.text };
    case "reset":
      return { ...answer, text: event.text };
    case "citations":
      return { ...answer, citations: event.citations };
    case "usage": {
      const { input_tokens, output_tokens, counted_by } = event;
      return { ...answer, usage: { input_tokens, output_tokens, counted_by } };
    }
    case "done":
      return { ...answer, state: event.state === "stopped" ? "stopped" : "done" };
    case "error":
      return { ...answer, state: "failed", error: { code: event.code, detail: event.detail } };
  }
}

function withSibling(siblings: readonly string[], id: string): readonly string[] {
  return siblings.includes(id) ? siblings : [...siblings, id];
}

/** Turns in the order they were asked, and the answers whose question is on an earlier page. */
export interface Assembled {
  turns: Turn[];
  orphans: Message[];
}

/** `newestFirst` is a page as the server sends it: an answer comes before its question. */
export function assemble(newestFirst: readonly Message[]): Assembled {
  const answers = new Map<string, Message>();
  const turns: Turn[] = [];
  for (const message of newestFirst) {
    if (message.role === "assistant") {
      answers.set(message.reply_to ?? message.id, message);
      continue;
    }
    const answer = answers.get(message.id);
    answers.delete(message.id);
    turns.push({
      id: message.id,
      question: message.content,
      siblings: message.siblings,
      editOf: null,
      again: null,
      answer: answer ? answerOf(answer) : null,
      connected: true,
      trouble: null,
    });
  }
  return { turns: turns.reverse(), orphans: [...answers.values()] };
}
