import { describe, expect, it } from "vitest";
import { ApiError, problemOf } from "../api/error";
import type { AnswerEvent } from "../api/events";
import type { Message } from "../api/types";
import { ATTEMPTS_MAX, follow, type Line } from "./follow";

const START = frame(1, "start", { session_id: "s", question_id: "q", message_id: "m", model: "x" });
const FIRST = frame(2, "delta", { text: "one " });
const SECOND = frame(3, "delta", { text: "two" });
const DONE = frame(4, "done", { state: "done" });

function frame(id: number, event: string, data: object): string {
  return `id: ${id}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}

function stream(...frames: string[]): Response {
  return new Response(frames.join(""), { headers: { "content-type": "text/event-stream" } });
}

function problem(status: number, code: string): Response {
  return new Response(JSON.stringify({ status, code, detail: "why" }), { status });
}

const finished: Message = {
  id: "m",
  session_id: "s",
  role: "assistant",
  reply_to: "q",
  content: "one two",
  state: "done",
  citations: [],
  parent_id: "q",
  siblings: ["m"],
  rating: null,
  error: null,
  model: "x",
  usage: null,
  created_at: "2026-01-01T00:00:00Z",
};

type Reply = Response | "offline";

/** A server that answers in turn; what it was asked is written down. */
function server(asks: Reply[], resumes: Reply[], reads: Message[] = []) {
  const resumed: [string, string | null][] = [];
  let asked = 0;
  const next = async (replies: Reply[]) => {
    const reply = replies.shift() ?? "offline";
    if (reply === "offline") throw ApiError.offline();
    if (!reply.ok) throw await problemOf(reply);
    return reply;
  };
  const line: Line = {
    ask: () => {
      asked += 1;
      return next(asks);
    },
    resume: (id, after) => {
      resumed.push([id, after]);
      return next(resumes);
    },
    read: () => Promise.resolve(reads.shift() ?? finished),
    wait: (_, signal) => (signal.aborted ? Promise.reject(signal.reason) : Promise.resolve()),
  };
  return { line, resumed, asked: () => asked };
}

async function run(line: Line, messageId: string | null = null, signal = new AbortController().signal) {
  const events: AnswerEvent[] = [];
  const connections: boolean[] = [];
  const settled: Message[] = [];
  const watcher = {
    event: (event: AnswerEvent) => events.push(event),
    connected: (connected: boolean) => connections.push(connected),
    settled: (message: Message) => settled.push(message),
  };
  const error = await follow(line, messageId, watcher, signal).then(
    () => null,
    (reason: unknown) => reason,
  );
  const text = events.map((event) => (event.type === "delta" ? event.text : "")).join("");
  return { events, connections, settled, error, text };
}

describe("following an answer", () => {
  it("asks once and ends with done", async () => {
    const { line, asked, resumed } = server([stream(START, FIRST, SECOND, DONE)], []);
    const { text, error, connections } = await run(line);
    expect([text, error, asked(), resumed]).toEqual(["one two", null, 1, []]);
    expect(connections).toEqual([true]);
  });

  it("resumes a dropped stream after the last event it saw", async () => {
    const { line, asked, resumed } = server([stream(START, FIRST)], ["offline", stream(SECOND, DONE)]);
    const { text, error, connections } = await run(line);
    expect([text, error, asked()]).toEqual(["one two", null, 1]);
    expect(resumed).toEqual([
      ["m", "2"],
      ["m", "2"],
    ]);
    expect(connections).toEqual([true, false, false, true]);
  });

  it("asks again, by the same call, when the stream broke before it began", async () => {
    const { line, asked, resumed } = server(["offline", stream(), stream(START, FIRST, SECOND, DONE)], []);
    const { text, error } = await run(line);
    expect([text, error, asked(), resumed]).toEqual(["one two", null, 3, []]);
  });

  it("attaches to a running answer from its beginning", async () => {
    const { line, asked, resumed } = server([], [stream(START, FIRST, SECOND, DONE)]);
    const { text } = await run(line, "m");
    expect([text, asked(), resumed]).toEqual(["one two", 0, [["m", null]]]);
  });

  it("reads the message when its stream is gone", async () => {
    const { line } = server([stream(START, FIRST)], [problem(404, "not_found")]);
    const { settled, error } = await run(line);
    expect([settled, error]).toEqual([[finished], null]);
  });

  it("keeps trying while the message is still running elsewhere", async () => {
    const running = { ...finished, state: "running" as const };
    const { line } = server([stream(START)], [problem(404, "not_found"), stream(FIRST, SECOND, DONE)], [running]);
    expect((await run(line)).text).toBe("one two");
  });

  it("hands a refusal of the question back at once", async () => {
    for (const [status, code] of [
      [422, "invalid"],
      [429, "throttled"],
      [503, "unavailable"],
    ] as const) {
      const { line, asked } = server([problem(status, code)], []);
      expect((await run(line)).error).toMatchObject({ code, detail: "why" });
      expect(asked()).toBe(1);
    }
  });

  it("ends with the error event, and does not come back for more", async () => {
    const { line, resumed } = server([stream(START, frame(2, "error", { code: "interrupted", detail: "" }))], []);
    const { events, error } = await run(line);
    expect(events.at(-1)).toEqual({ type: "error", code: "interrupted", detail: "" });
    expect([error, resumed]).toEqual([null, []]);
  });

  it("gives up after a known number of attempts", async () => {
    const { line, asked } = server([], []);
    expect((await run(line)).error).toMatchObject({ code: "lost" });
    expect(asked()).toBe(ATTEMPTS_MAX + 1);
  });

  it("passes over events it does not know", async () => {
    const { line } = server([stream(START, frame(2, "sparkle", { a: 1 }), SECOND, DONE)], []);
    expect((await run(line)).events.map(({ type }) => type)).toEqual(["start", "delta", "done"]);
  });

  it("stops when it is told to", async () => {
    const controller = new AbortController();
    const { line } = server([stream(START)], []);
    controller.abort();
    expect((await run(line, null, controller.signal)).error).toBeInstanceOf(DOMException);
  });
});
