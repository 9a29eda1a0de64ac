/** Follows one answer to its end: asks or attaches, and picks the stream up again when the connection drops. */
import { answerEvent, type AnswerEvent } from "../api/events";
import { ApiError } from "../api/error";
import type { Message } from "../api/types";
import { backoffMs, pause } from "./backoff";
import { readEvents } from "./sse";

/** About two minutes of trying before a person is asked to decide. */
export const ATTEMPTS_MAX = 12;

export interface Line {
  /** Asks the question; null when the answer's id is known already. */
  ask: (() => Promise<Response>) | null;
  resume: (messageId: string, after: string | null) => Promise<Response>;
  read: (messageId: string) => Promise<Message>;
  wait?: (milliseconds: number, signal: AbortSignal) => Promise<void>;
}

export interface Watcher {
  event: (event: AnswerEvent) => void;
  /** False from the moment the connection drops until events flow again. */
  connected: (connected: boolean) => void;
  /** The finished message, when it had to be read instead of followed. */
  settled: (message: Message) => void;
}

/**
 * Resolves when the answer has ended. Rejects with the server's `ApiError` when the question was
 * refused, with "lost" when attempts ran out, and with an abort error when `signal` fires.
 */
export async function follow(line: Line, messageId: string | null, watcher: Watcher, signal: AbortSignal) {
  const trail = new Trail(line, messageId, watcher);
  const wait = line.wait ?? pause;
  let failures = 0;
  for (;;) {
    const outcome = await trail.attempt();
    if (outcome === "ended") return;
    signal.throwIfAborted();
    failures = outcome === "progressed" ? 1 : failures + 1;
    if (failures > ATTEMPTS_MAX) throw new ApiError("lost");
    watcher.connected(false);
    await wait(backoffMs(failures), signal);
  }
}

type Outcome = "ended" | "progressed" | "stuck";

class Trail {
  private after: string | null = null;

  constructor(
    private readonly line: Line,
    private messageId: string | null,
    private readonly watcher: Watcher,
  ) {}

  /** One connection, from opening to its end. What the server refuses is thrown; a broken connection is an outcome. */
  async attempt(): Promise<Outcome> {
    let progressed = false;
    try {
      const response = await this.open();
      for await (const { id, event, data } of readEvents(response)) {
        if (!progressed) this.watcher.connected(true);
        progressed = true;
        if (id !== undefined) this.after = id;
        if (this.take(answerEvent(event ?? "message", data))) return "ended";
      }
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.code !== "offline") return await this.refused(error);
    }
    return progressed ? "progressed" : "stuck";
  }

  private open(): Promise<Response> {
    if (this.messageId !== null) return this.line.resume(this.messageId, this.after);
    if (this.line.ask === null) throw new ApiError("internal", "neither a question nor an answer to follow");
    return this.line.ask();
  }

  /** True when the event was the last one. */
  private take(event: AnswerEvent | null): boolean {
    if (event === null) return false;
    if (event.type === "start") this.messageId = event.message_id;
    this.watcher.event(event);
    return event.type === "done" || event.type === "error";
  }

  /** A stream that is gone may belong to an answer that is finished: then the message tells. */
  private async refused(problem: ApiError): Promise<Outcome> {
    if (this.messageId === null || problem.code === "unauthenticated") throw problem;
    if (problem.passing || problem.code === "throttled") return "stuck";
    const message = await this.line.read(this.messageId);
    if (message.state === "running") return "stuck";
    this.watcher.settled(message);
    return "ended";
  }
}
