/** One conversation as the page knows it: its turns, how far back they are loaded, and the answer being written. */
import { ApiError, asApiError, isAbort } from "../api/error";
import type { Api } from "../api";
import type { Message, NewSession, Rating, Session, SessionSettings } from "../api/types";
import { follow } from "../stream/follow";
import { uuid } from "../ui/uuid";
import { Drawn } from "./drawn";
import { advance, answerOf, askedAgain, askedTurn, assemble, editedTurn, isOpen, type Turn, WAITING } from "./turns";

/** Until the server has found a title, a conversation is called by the beginning of its first question. */
const TITLE_POINTS_MAX = 60;

export interface ConversationState {
  turns: readonly Turn[];
  loading: boolean;
  loadError: ApiError | null;
  hasOlder: boolean;
  loadingOlder: boolean;
  /** Why the latest wish, such as another branch, was not granted. */
  refused: ApiError | null;
}

const BEGINNING: Omit<ConversationState, "loading"> = {
  turns: [],
  loadError: null,
  hasOlder: false,
  loadingOlder: false,
  refused: null,
};

export interface ConversationHost {
  /** Which bases a new conversation may use; null for all. */
  chosenBases: () => string[] | null;
  /** How a new conversation is to be answered; null as the server is set up. */
  chosenSettings: () => SessionSettings | null;
  created: (session: Session) => void;
  asked: (sessionId: string) => void;
  /** An answer that was being written has ended. */
  answered: (sessionId: string, state: "done" | "stopped" | "failed") => void;
  /** The conversation is left with a question that the server has not taken; null for one that has not begun. */
  unasked: (sessionId: string | null, question: string) => void;
}

export class Conversation extends Drawn<ConversationState> {
  private readonly following = new Map<string, AbortController>();
  private creating: Promise<string> | null = null;
  private cursor: string | null = null;
  private orphans: Message[] = [];
  private stopWanted = false;
  private closed = false;

  constructor(
    private readonly api: Api,
    private sessionId: string | null,
    private readonly host: ConversationHost,
  ) {
    super({ ...BEGINNING, loading: sessionId !== null });
  }

  /** Loads the latest page and goes on with an answer that is still being written. */
  async open(): Promise<void> {
    this.closed = false;
    if (this.sessionId === null) return;
    this.cursor = null;
    this.orphans = [];
    this.change({ loading: true, loadError: null });
    try {
      const turns = await this.page(this.sessionId);
      if (this.closed) return;
      this.change({ turns, loading: false, hasOlder: this.cursor !== null });
      for (const turn of turns) if (isOpen(turn) && turn.answer?.id) void this.run(turn.id, turn.answer.id);
    } catch (error) {
      this.change({ loading: false, loadError: asApiError(error) });
    }
  }

  async loadOlder(): Promise<void> {
    const { hasOlder, loadingOlder } = this.state;
    if (this.sessionId === null || !hasOlder || loadingOlder) return;
    this.change({ loadingOlder: true });
    try {
      const older = await this.page(this.sessionId);
      this.change({ turns: [...older, ...this.state.turns], hasOlder: this.cursor !== null });
    } catch {
      // the button to load them stays, that is the retry
    } finally {
      this.change({ loadingOlder: false });
    }
  }

  ask(question: string): void {
    this.put(this.state.turns, askedTurn(uuid(), question));
  }

  /** The same question in other words: what was said after it stays in a branch of its own. */
  edit(turnId: string, question: string): void {
    const { before, turn } = this.at(turnId);
    if (turn !== null) this.put(before, editedTurn(uuid(), question, turn));
  }

  /** Another answer to the same question. */
  regenerate(turnId: string): void {
    const { before, turn } = this.at(turnId);
    if (turn !== null) this.put(before, askedAgain(turn, uuid()));
  }

  /** Shows the branch of another wording or another answer. */
  async choose(messageId: string): Promise<void> {
    if (this.sessionId === null || this.busy) return;
    this.change({ refused: null });
    try {
      await this.api.changeSession(this.sessionId, { current_message_id: messageId });
      await this.open();
    } catch (error) {
      this.change({ refused: asApiError(error) });
    }
  }

  async rate(turnId: string, rating: Rating): Promise<void> {
    const id = this.at(turnId).turn?.answer?.id;
    if (!id) return;
    const { rating: kept } = await this.api.rate(id, rating);
    this.update(turnId, (turn) => ({ ...turn, answer: turn.answer && { ...turn.answer, rating: kept ?? null } }));
  }

  /** The same question by the same id: the server asks it once, however often it hears it. */
  retry(turnId: string): void {
    const turn = this.state.turns.find(({ id }) => id === turnId);
    if (turn === undefined || turn.trouble === null) return;
    this.update(turnId, (old) => ({ ...old, trouble: null, connected: true, answer: old.answer ?? WAITING }));
    void this.run(turnId, turn.answer?.id ?? null);
  }

  async stop(): Promise<void> {
    const turn = this.state.turns.findLast(isOpen);
    const answerId = turn?.answer?.id;
    if (turn === undefined) return;
    if (!answerId) {
      this.stopWanted = true;
      return;
    }
    try {
      const message = await this.api.stop(answerId);
      if (message.state !== "running") this.settle(turn.id, message);
    } catch {
      // the answer is still running and the button still there
    }
  }

  /** Removes a question with its answer. */
  async remove(turnId: string): Promise<void> {
    await this.api.deleteMessage(turnId).catch((reason: unknown) => {
      // gone already, or never arrived, is what was wanted
      if (asApiError(reason).code !== "not_found") throw reason;
    });
    this.following.get(turnId)?.abort();
    const { turn } = this.at(turnId);
    this.change({ turns: this.state.turns.filter(({ id }) => id !== turnId) });
    // another wording, with what followed it, takes its place
    if (turn !== null && turn.siblings.length > 1) await this.open();
  }

  /** Stops listening; the server goes on answering. A question still on its way is let through first. */
  close(): void {
    this.closed = true;
    const unasked = this.state.turns.findLast(({ trouble, again, answer }) => trouble !== null && again === null && !answer?.id);
    if (unasked) this.host.unasked(this.sessionId, unasked.question);
    for (const { id, answer } of this.state.turns) if (answer?.id) this.following.get(id)?.abort();
    this.rest();
  }

  private get busy(): boolean {
    return this.state.turns.some(isOpen);
  }

  /** A turn with those before it; null when it is not there, or an answer is still being written. */
  private at(turnId: string): { before: readonly Turn[]; turn: Turn | null } {
    const { turns } = this.state;
    const index = turns.findIndex(({ id }) => id === turnId);
    return { before: turns.slice(0, Math.max(0, index)), turn: (!this.busy && turns[index]) || null };
  }

  private put(before: readonly Turn[], turn: Turn): void {
    this.stopWanted = false;
    this.change({ turns: [...before, turn], refused: null });
    void this.run(turn.id, null);
  }

  private async page(sessionId: string): Promise<Turn[]> {
    const page = await this.api.messages(sessionId, this.cursor);
    const { turns, orphans } = assemble([...this.orphans, ...page.items]);
    this.cursor = page.next_cursor ?? null;
    this.orphans = orphans;
    return turns;
  }

  private async run(turnId: string, answerId: string | null): Promise<void> {
    const controller = new AbortController();
    this.following.get(turnId)?.abort();
    this.following.set(turnId, controller);
    const { signal } = controller;
    try {
      const sessionId = await this.session(turnId);
      signal.throwIfAborted();
      const line = {
        ask: () => this.send(sessionId, turnId, signal),
        resume: (id: string, after: string | null) => this.api.answerStream(id, after, signal),
        read: (id: string) => this.api.message(id, signal),
      };
      this.host.asked(sessionId);
      await follow(line, answerId, this.watcher(turnId), signal);
      this.ended(turnId, sessionId);
    } catch (error) {
      if (isAbort(error) || signal.aborted) return;
      this.update(turnId, (turn) => ({ ...turn, connected: true, trouble: asApiError(error) }));
    } finally {
      if (this.following.get(turnId) === controller) this.following.delete(turnId);
    }
  }

  private send(sessionId: string, turnId: string, signal: AbortSignal): Promise<Response> {
    const turn = this.state.turns.find(({ id }) => id === turnId);
    if (turn?.again) return this.api.regenerate(turn.again.answer, turn.again.id, signal);
    const question = { id: turnId, content: turn?.question ?? "" };
    return this.api.ask(sessionId, turn?.editOf ? { ...question, edit_of: turn.editOf } : question, signal);
  }

  private ended(turnId: string, sessionId: string): void {
    const state = this.state.turns.find(({ id }) => id === turnId)?.answer?.state;
    if (state === "done" || state === "stopped" || state === "failed") this.host.answered(sessionId, state);
  }

  private watcher(turnId: string) {
    return {
      event: (event: Parameters<typeof advance>[1]) => {
        const draw = event.type === "delta" ? "soon" : "now";
        this.update(turnId, (turn) => ({ ...turn, answer: advance(turn.answer ?? WAITING, event) }), draw);
        if (event.type === "start") this.begun(turnId);
      },
      connected: (connected: boolean) => this.update(turnId, (turn) => ({ ...turn, connected })),
      settled: (message: Message) => this.settle(turnId, message),
    };
  }

  /** The server has the question; now what was wanted meanwhile can happen. */
  private begun(turnId: string): void {
    this.update(turnId, (turn) => ({ ...turn, editOf: null, again: null }));
    if (this.stopWanted) void this.stop();
    this.stopWanted = false;
    if (this.closed) this.following.get(turnId)?.abort();
  }

  private settle(turnId: string, message: Message): void {
    this.following.get(turnId)?.abort();
    const answer = answerOf(message);
    this.update(turnId, (turn) => ({
      ...turn,
      connected: true,
      answer: { ...answer, passages: turn.answer?.passages ?? [] },
    }));
  }

  /** The session of this conversation, made with its first question. */
  private session(turnId: string): Promise<string> {
    if (this.sessionId !== null) return Promise.resolve(this.sessionId);
    this.creating ??= this.create(turnId).catch((error: unknown) => {
      this.creating = null;
      throw error;
    });
    return this.creating;
  }

  private async create(turnId: string): Promise<string> {
    const question = this.state.turns.find(({ id }) => id === turnId)?.question ?? "";
    // the server finds a better title than the first words once it has answered
    const body: NewSession = { title: "" };
    const bases = this.host.chosenBases();
    const settings = this.host.chosenSettings();
    if (bases !== null) body.knowledge_base_ids = bases;
    if (settings !== null) body.settings = settings;
    const session = await this.api.newSession(body);
    this.sessionId = session.id;
    this.host.created({ ...session, title: session.title || titleOf(question) });
    return session.id;
  }

  private update(turnId: string, next: (turn: Turn) => Turn, draw: "now" | "soon" = "now"): void {
    const turns = this.state.turns.map((turn) => (turn.id === turnId ? next(turn) : turn));
    this.change({ turns }, draw);
  }
}

/** The first line of the question, cut between whole characters. */
export function titleOf(question: string): string {
  const points = Array.from(question.trim().split("\n", 1)[0] ?? "");
  return points.length > TITLE_POINTS_MAX ? `${points.slice(0, TITLE_POINTS_MAX - 1).join("")}…` : points.join("");
}
