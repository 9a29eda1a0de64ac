import { describe, expect, it, vi } from "vitest";
import type { Api } from "../api";
import { ApiError } from "../api/error";
import type { Message, Question, Session } from "../api/types";
import { NO_SETTINGS } from "../sessions/settings";
import { Conversation, type ConversationHost } from "./conversation";

const SESSION: Session = {
  id: "s",
  title: "",
  title_by: "server",
  mode: null,
  param: null,
  knowledge_base_ids: null,
  settings: NO_SETTINGS,
  current_message_id: null,
  created_at: "",
  updated_at: "",
};

function answerTo(question: string, text: string, message = "m"): Response {
  const events: [string, object][] = [
    ["start", { session_id: "s", question_id: question, message_id: message, model: null }],
    ["delta", { text }],
    ["done", { state: "done" }],
  ];
  const frames = events.map(([name, data], index) => `id: ${index + 1}\nevent: ${name}\ndata: ${JSON.stringify(data)}\n\n`);
  return new Response(frames.join(""));
}

function set(parts: Partial<Api>, chosen: string[] | null = null) {
  const host: ConversationHost = { chosenBases: () => chosen, chosenSettings: () => null, created: vi.fn(), asked: vi.fn(), answered: vi.fn(), unasked: vi.fn() };
  const api = { newSession: vi.fn(async () => SESSION), ...parts };
  return { host, api, make: (id: string | null) => new Conversation(api as unknown as Api, id, host) };
}

describe("a conversation", () => {
  it("makes its session with the first question only", async () => {
    const ask = vi.fn(async (_: string, { id }: Question) => answerTo(id ?? "", "24"));
    const { make, api, host } = set({ ask }, ["b1"]);
    const conversation = make(null);
    await conversation.open();
    expect(api.newSession).not.toHaveBeenCalled();
    conversation.ask("how long?");
    await vi.waitFor(() => expect(conversation.snapshot().turns[0]?.answer?.state).toBe("done"));
    conversation.ask("and then?");
    await vi.waitFor(() => expect(conversation.snapshot().turns[1]?.answer?.state).toBe("done"));
    expect(api.newSession).toHaveBeenCalledExactlyOnceWith({ title: "", knowledge_base_ids: ["b1"] });
    expect(host.created).toHaveBeenCalledExactlyOnceWith({ ...SESSION, title: "how long?" });
    expect(conversation.snapshot().turns.map(({ answer }) => answer?.text)).toEqual(["24", "24"]);
  });

  it("retries a refused question by the same id", async () => {
    const ids: string[] = [];
    const ask = vi.fn(async (_: string, { id = "" }: Question) => {
      ids.push(id ?? "");
      if (ids.length === 1) throw new ApiError("throttled", "", 7);
      return answerTo(id ?? "", "24");
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

  it("gives a question back that was refused, when it is left", async () => {
    const ask = vi.fn(async (): Promise<Response> => {
      throw new ApiError("out_of_credit");
    });
    const { make, host } = set({ ask });
    const conversation = make(null);
    conversation.ask("how long?");
    await vi.waitFor(() => expect(conversation.snapshot().turns[0]?.trouble?.code).toBe("out_of_credit"));
    expect(host.unasked).not.toHaveBeenCalled();
    conversation.close();
    expect(host.unasked).toHaveBeenCalledExactlyOnceWith(SESSION.id, "how long?");
  });

  it("goes on with an answer that was running when the page was loaded", async () => {
    const common = { session_id: "s", parent_id: null, siblings: [], rating: null, citations: [], error: null, model: null, usage: null, created_at: "" };
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
    const ask = vi.fn(async (_: string, { id }: Question) => answerTo(id ?? "", "24"));
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
    const { make } = set({ deleteMessage, ask: async (_: string, { id }: Question) => answerTo(id ?? "", "24") });
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

  /** A conversation of two turns that is loaded, with what it says to the server. */
  async function loaded(regenerated = async (_: string, id: string) => answerTo("q1", "again", id)) {
    const common = { session_id: "s", citations: [], rating: null, error: null, model: null, usage: null, created_at: "" };
    const turn = (question: string, answer: string): Message[] => [
      { id: answer, role: "assistant", reply_to: question, parent_id: question, siblings: [answer], content: answer, state: "done", ...common },
      { id: question, role: "user", reply_to: null, parent_id: null, siblings: [question], content: question, state: "done", ...common },
    ];
    const messages = vi.fn(async () => ({ items: [...turn("q2", "a2"), ...turn("q1", "a1")], next_cursor: null }));
    const regenerate = vi.fn(regenerated);
    const ask = vi.fn(async (_: string, { id }: Question) => answerTo(id ?? "", "edited"));
    const changeSession = vi.fn(async () => SESSION);
    const api = { messages, regenerate, ask, changeSession };
    const conversation = set(api as unknown as Partial<Api>).make("s");
    await conversation.open();
    return { conversation, ...api };
  }

  it("answers again beside the answer that is there", async () => {
    const { conversation, regenerate } = await loaded();
    conversation.regenerate("q1");
    expect(conversation.snapshot().turns.map(({ id }) => id)).toEqual(["q1"]);
    await vi.waitFor(() => expect(conversation.snapshot().turns[0]?.answer?.state).toBe("done"));
    const [turn] = conversation.snapshot().turns;
    const [of, id] = regenerate.mock.calls[0] ?? [];
    expect([of, turn?.answer?.siblings]).toEqual(["a1", ["a1", id]]);
    expect(turn).toMatchObject({ again: null, answer: { id, text: "again" } });
  });

  it("asks in other words beside the question that is there", async () => {
    const { conversation, ask } = await loaded();
    conversation.edit("q1", "otherwise");
    await vi.waitFor(() => expect(conversation.snapshot().turns[0]?.answer?.state).toBe("done"));
    const { turns } = conversation.snapshot();
    const id = turns[0]?.id;
    expect(ask.mock.calls[0]?.[1]).toEqual({ id, content: "otherwise", edit_of: "q1" });
    expect(turns).toHaveLength(1);
    expect(turns[0]).toMatchObject({ question: "otherwise", siblings: ["q1", id], editOf: null });
  });

  it("shows another branch, or says why not", async () => {
    const { conversation, changeSession, messages } = await loaded();
    await conversation.choose("a0");
    expect(changeSession).toHaveBeenCalledExactlyOnceWith("s", { current_message_id: "a0" });
    expect(messages).toHaveBeenCalledTimes(2);
    changeSession.mockRejectedValueOnce(new ApiError("conflict", "an answer is running"));
    await conversation.choose("a0");
    expect(conversation.snapshot().refused?.code).toBe("conflict");
    expect(conversation.snapshot().turns).toHaveLength(2);
  });

  it("changes nothing while an answer is being written", async () => {
    const { conversation, regenerate, ask, changeSession } = await loaded(() => new Promise<Response>(() => undefined));
    conversation.regenerate("q1");
    await vi.waitFor(() => expect(regenerate).toHaveBeenCalledOnce());
    conversation.regenerate("q1");
    conversation.edit("q1", "otherwise");
    await conversation.choose("a2");
    expect(regenerate).toHaveBeenCalledOnce();
    expect(ask).not.toHaveBeenCalled();
    expect(changeSession).not.toHaveBeenCalled();
  });
});
