/** One conversation as the page knows it: its turns, how far back they are loaded, and the answer being written. */
import { ApiError, asApiError, isAbort } from "../api/error";
import type { Api } from "../api";
import type { Message, NewSession, Session } from "../api/types";
import { follow } from "../stream/follow";
import { uuid } from "../ui/uuid";
import { advance, answerOf, askedTurn, assemble, isOpen, type Turn, WAITING } from "./turns";

/** Pieces of an answer are drawn together at this pace; more often only costs battery. */
const DRAW_MS = 40;
/** A new conversation is named by the beginning of its first question. */
const TITLE_POINTS_MAX = 60;

export interface ConversationState {
  turns: readonly Turn[];
  loading: boolean;
  loadError: ApiError | null;
  hasOlder: boolean;
  loadingOlder: boolean;
}

export interface ConversationHost {
  /** Which bases a new conversation may use; null for all. */
  chosenBases: () => string[] | null;
  created: (session: Session) => void;
  asked: (sessionId: string) => void;
  /** An answer that was being written has ended. */
  answered: (sessionId: string, state: "done" | "stopped" | "failed") => void;
}

export class Conversation {
  private state: ConversationState;
  private readonly listeners = new Set<() => void>();
  private drawTimer: ReturnType<typeof setTimeout> | null = null;
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
    const loading = sessionId !== null;
    this.state = { turns: [], loading, loadError: null, hasOlder: false, loadingOlder: false };
  }

  readonly snapshot = (): ConversationState => this.state;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

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
    const turn = askedTurn(uuid(), question);
    this.stopWanted = false;
    this.change({ turns: [...this.state.turns, turn] });
    void this.run(turn.id, null);
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
    this.change({ turns: this.state.turns.filter(({ id }) => id !== turnId) });
  }

  /** Stops listening; the server goes on answering. A question still on its way is let through first. */
  close(): void {
    this.closed = true;
    for (const { id, answer } of this.state.turns) if (answer?.id) this.following.get(id)?.abort();
    if (this.drawTimer !== null) clearTimeout(this.drawTimer);
    this.drawTimer = null;
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
      const question = this.state.turns.find(({ id }) => id === turnId)?.question ?? "";
      const line = {
        ask: () => this.api.ask(sessionId, turnId, question, signal),
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
    const body: NewSession = { title: titleOf(question) };
    const bases = this.host.chosenBases();
    if (bases !== null) body.knowledge_base_ids = bases;
    const session = await this.api.newSession(body);
    this.sessionId = session.id;
    this.host.created(session);
    return session.id;
  }

  private update(turnId: string, next: (turn: Turn) => Turn, draw: "now" | "soon" = "now"): void {
    const turns = this.state.turns.map((turn) => (turn.id === turnId ? next(turn) : turn));
    this.change({ turns }, draw);
  }

  private change(part: Partial<ConversationState>, draw: "now" | "soon" = "now"): void {
    this.state = { ...this.state, ...part };
    if (draw === "soon") {
      this.drawTimer ??= setTimeout(() => this.draw(), DRAW_MS);
    } else {
      this.draw();
    }
  }

  private draw(): void {
    if (this.drawTimer !== null) clearTimeout(this.drawTimer);
    this.drawTimer = null;
    for (const listener of this.listeners) listener();
  }
}

/** The first line of the question, cut between whole characters. */
export function titleOf(question: string): string {
  const points = Array.from(question.trim().split("\n", 1)[0] ?? "");
  return points.length > TITLE_POINTS_MAX ? `${points.slice(0, TITLE_POINTS_MAX - 1).join("")}…` : points.join("");
}
