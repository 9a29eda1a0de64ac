import { describe, expect, it, vi } from "vitest";
import type { Api } from "../api";
import { ApiError } from "../api/error";
import type { Message, Session } from "../api/types";
import { Conversation, type ConversationHost } from "./conversation";

const SESSION: Session = { id: "s", title: "t", knowledge_base_ids: null, created_at: "", updated_at: "" };

function answerTo(question: string, text: string): Response {
  const events: [string, object][] = [
    ["start", { session_id: "s", question_id: question, message_id: "m", model: null }],
    ["delta", { text }],
    ["done", { state: "done" }],
  ];
  const frames = events.map(([name, data], index) => `id: ${index + 1}\nevent: ${name}\ndata: ${JSON.stringify(data)}\n\n`);
  return new Response(frames.join(""));
}

function set(parts: Partial<Api>, chosen: string[] | null = null) {
  const host: ConversationHost = { chosenBases: () => chosen, created: vi.fn(), asked: vi.fn(), answered: vi.fn() };
  const api = { newSession: vi.fn(async () => SESSION), ...parts };
  return { host, api, make: (id: string | null) => new Conversation(api as unknown as Api, id, host) };
}

describe("a conversation", () => {
  it("makes its session with the first question only", async () => {
    const ask = vi.fn(async (_: string, id: string) => answerTo(id, "24"));
    const { make, api, host } = set({ ask }, ["b1"]);
    const conversation = make(null);
    await conversation.open();
    expect(api.newSession).not.toHaveBeenCalled();
    conversation.ask("how long?");
    await vi.waitFor(() => expect(conversation.snapshot().turns[0]?.answer?.state).toBe("done"));
    conversation.ask("and then?");
    await vi.waitFor(() => expect(conversation.snapshot().turns[1]?.answer?.state).toBe("done"));
    expect(api.newSession).toHaveBeenCalledExactlyOnceWith({ title: "how long?", knowledge_base_ids: ["b1"] });
    expect(host.created).toHaveBeenCalledExactlyOnceWith(SESSION);
    expect(conversation.snapshot().turns.map(({ answer }) => answer?.text)).toEqual(["24", "24"]);
  });

  it("retries a refused question by the same id", async () => {
    const ids: string[] = [];
    const ask = vi.fn(async (_: string, id: string) => {
      ids.push(id);
      if (ids.length === 1) throw new ApiError("throttled", "", 7);
      return answerTo(id, "24");
    });
    const { make } = set({ ask });
    const conversation = make("s");
    conversation.ask("how long?");
    await vi.waitFor(() => expect(conversation.snapshot().turns[0]?.trouble?.code).toBe("throttled"));
    conversation.retry(conversation.snapshot().turns[0]?.id ?? "");
    await vi.waitFor(() => expect(conversation.snapshot().turns[0]?.answer?.text).toBe("24"));
    expect(ids).toHaveLength(2);
    expect(ids[0]).toBe(ids[1]);
    expect(ids[0]).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  it("goes on with an answer that was running when the page was loaded", async () => {
    const common = { session_id: "s", citations: [], error: null, model: null, usage: null, created_at: "" };
    const items: Message[] = [
      { id: "m", role: "assistant", reply_to: "q", content: "2", state: "running", ...common },
      { id: "q", role: "user", reply_to: null, content: "how long?", state: "done", ...common },
    ];
    const messages = vi.fn(async () => ({ items, next_cursor: null }));
    const answerStream = vi.fn(async () => answerTo("q", "24"));
    const { make } = set({ messages, answerStream });
    const conversation = make("s");
    await conversation.open();
    await vi.waitFor(() => expect(conversation.snapshot().turns[0]?.answer).toMatchObject({ text: "24", state: "done" }));
    expect(answerStream).toHaveBeenCalledExactlyOnceWith("m", null, expect.any(AbortSignal));
  });

  it("lets a question through that was on its way when another conversation was opened", async () => {
    let letGo: (session: Session) => void = () => undefined;
    const newSession = vi.fn(() => new Promise<Session>((resolve) => (letGo = resolve)));
    const ask = vi.fn(async (_: string, id: string) => answerTo(id, "24"));
    const { make } = set({ newSession, ask });
    const conversation = make(null);
    conversation.ask("how long?");
    conversation.close();
    letGo(SESSION);
    await vi.waitFor(() => expect(ask).toHaveBeenCalledOnce());
  });

  it("removes a question with its answer, also one the server never had", async () => {
    const refusals = [null, new ApiError("not_found"), new ApiError("unavailable")];
    const deleteMessage = vi.fn(async () => {
      const refusal = refusals.shift();
      if (refusal) throw refusal;
    });
    const { make } = set({ deleteMessage, ask: async (_: string, id: string) => answerTo(id, "24") });
    const conversation = make("s");
    for (const question of ["one", "two", "three"]) {
      conversation.ask(question);
      await vi.waitFor(() => expect(conversation.snapshot().turns.at(-1)?.answer?.state).toBe("done"));
    }
    const ids = conversation.snapshot().turns.map(({ id }) => id);
    await conversation.remove(ids[0] ?? "");
    await conversation.remove(ids[1] ?? "");
    await expect(conversation.remove(ids[2] ?? "")).rejects.toMatchObject({ code: "unavailable" });
    expect(deleteMessage.mock.calls).toEqual(ids.map((id) => [id]));
    expect(conversation.snapshot().turns.map(({ question }) => question)).toEqual(["three"]);
  });

  it("stops an answer that has not begun as soon as it begins", async () => {
    const stopped = { state: "stopped", id: "m", content: "", citations: [], error: null, model: null, usage: null };
    const stop = vi.fn(async () => stopped as unknown as Message);
    let begin: (response: Response) => void = () => undefined;
    const ask = vi.fn(() => new Promise<Response>((resolve) => (begin = resolve)));
    const { make } = set({ ask, stop });
    const conversation = make("s");
    conversation.ask("how long?");
    await vi.waitFor(() => expect(ask).toHaveBeenCalled());
    await conversation.stop();
    expect(stop).not.toHaveBeenCalled();
    begin(answerTo("q", "24"));
    await vi.waitFor(() => expect(stop).toHaveBeenCalledExactlyOnceWith("m"));
  });
});
