import { describe, expect, it } from "vitest";
import type { AnswerEvent } from "../api/events";
import type { Citation, Message } from "../api/types";
import { citable } from "./AnswerView";
import { titleOf } from "./conversation";
import { advance, assemble, WAITING } from "./turns";

function message(id: string, role: Message["role"], replyTo: string | null = null): Message {
  return {
    id,
    session_id: "s",
    role,
    reply_to: replyTo,
    content: `text of ${id}`,
    state: "done",
    citations: [],
    parent_id: replyTo,
    siblings: [id],
    rating: null,
    error: null,
    model: null,
    usage: null,
    created_at: "2026-01-01T00:00:00Z",
  };
}

function citation(n: number, start = 0): Citation {
  const place = { document_id: "d", document_name: "d.md", version: 1, chunk_id: "c", page: null };
  return { n, ...place, start, end: start + 5, quote: "quote" };
}

const START: AnswerEvent = { type: "start", session_id: "s", question_id: "q", message_id: "m", model: "x" };

function after(...events: AnswerEvent[]) {
  return events.reduce(advance, WAITING);
}

describe("an answer as its events come", () => {
  it("collects text, citations and usage", () => {
    const answer = after(
      START,
      { type: "delta", text: "24 months " },
      { type: "delta", text: "[1]." },
      { type: "citations", citations: [citation(1)] },
      { type: "usage", input_tokens: 3, output_tokens: 2, counted_by: "server" },
      { type: "done", state: "done" },
    );
    expect(answer).toMatchObject({ id: "m", text: "24 months [1].", state: "done", model: "x" });
    expect(answer.usage).toEqual({ input_tokens: 3, output_tokens: 2, counted_by: "server" });
  });

  it("replaces the text on reset and goes on from there", () => {
    const answer = after(START, { type: "delta", text: "wrong" }, { type: "reset", text: "right" }, { type: "delta", text: "!" });
    expect(answer.text).toBe("right!");
  });

  it("begins anew when a stream is told from its beginning", () => {
    const answer = after(START, { type: "delta", text: "twice" }, START, { type: "delta", text: "once" });
    expect(answer.text).toBe("once");
  });

  it("keeps the text so far when it fails", () => {
    const answer = after(START, { type: "delta", text: "half" }, { type: "error", code: "interrupted", detail: "d" });
    expect(answer).toMatchObject({ text: "half", state: "failed", error: { code: "interrupted", detail: "d" } });
  });
});

describe("a page of messages", () => {
  it("becomes turns, oldest first", () => {
    const { turns, orphans } = assemble([
      message("a2", "assistant", "q2"),
      message("q2", "user"),
      message("a1", "assistant", "q1"),
      message("q1", "user"),
    ]);
    expect(turns.map(({ id, answer }) => [id, answer?.id])).toEqual([
      ["q1", "a1"],
      ["q2", "a2"],
    ]);
    expect(orphans).toEqual([]);
  });

  it("keeps an answer until the page with its question comes", () => {
    const first = assemble([message("a2", "assistant", "q2"), message("q2", "user"), message("a1", "assistant", "q1")]);
    expect(first.turns.map(({ id }) => id)).toEqual(["q2"]);
    const second = assemble([...first.orphans, message("q1", "user")]);
    expect(second.turns.map(({ id, answer }) => [id, answer?.id])).toEqual([["q1", "a1"]]);
  });

  it("finds the answers of questions that overlapped", () => {
    const { turns } = assemble([
      message("a1", "assistant", "q1"),
      message("a2", "assistant", "q2"),
      message("q2", "user"),
      message("q1", "user"),
    ]);
    expect(turns.map(({ id, answer }) => [id, answer?.id])).toEqual([
      ["q1", "a1"],
      ["q2", "a2"],
    ]);
  });
});

describe("what may be opened", () => {
  const { n, start, ...place } = citation(2);
  const passages = [{ n, start, ...place, text: "found" }];

  it("is every passage while the answer is written, and what was weighed afterwards", () => {
    expect(citable({ state: "running", citations: [], passages }).map(({ quote }) => quote)).toEqual(["found"]);
    expect(citable({ state: "done", citations: [], passages })).toEqual([]);
    expect(citable({ state: "done", citations: [citation(1)], passages })).toEqual([citation(1)]);
  });
});

describe("the title of a new conversation", () => {
  it("is the first line, cut between characters", () => {
    expect(titleOf("  How long?\nmore")).toBe("How long?");
    const cut = titleOf("🔋".repeat(80));
    expect(Array.from(cut)).toHaveLength(60);
    expect(cut.endsWith("🔋…")).toBe(true);
  });
});
