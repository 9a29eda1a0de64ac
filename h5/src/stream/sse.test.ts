import { describe, expect, it } from "vitest";
import { ApiError } from "../api/error";
import { readEvents } from "./sse";

const encoder = new TextEncoder();

function body(chunks: (string | Uint8Array)[], end: "close" | "break" | "silence" = "close"): Response {
  const stream = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(typeof chunk === "string" ? encoder.encode(chunk) : chunk);
      if (end === "close") controller.close();
    },
    pull(controller) {
      if (end === "break") controller.error(new TypeError("network error"));
      // "silence": nothing more, for ever
      return new Promise<void>(() => undefined);
    },
  });
  return new Response(stream);
}

async function collect(response: Response, silenceMs?: number) {
  const events: { id?: string | undefined; event?: string | undefined; data: string }[] = [];
  for await (const event of readEvents(response, silenceMs)) events.push(event);
  return events;
}

describe("reading a stream", () => {
  it("puts events together however they were cut, and skips heartbeats", async () => {
    const text = ': beat\n\nid: 1\nevent: delta\ndata: {"text":"电池🔋"}\n\n: beat\n\nid: 2\nevent: done\ndata: {}\n\n';
    const bytes = encoder.encode(text);
    for (const size of [1, 2, 3, 7, bytes.length]) {
      const chunks = [];
      for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.slice(at, at + size));
      expect(await collect(body(chunks))).toEqual([
        { id: "1", event: "delta", data: '{"text":"电池🔋"}' },
        { id: "2", event: "done", data: "{}" },
      ]);
    }
  });

  it("drops an event that was not finished", async () => {
    expect(await collect(body(['id: 1\ndata: a\n\nid: 2\ndata: half']))).toEqual([
      { id: "1", event: undefined, data: "a" },
    ]);
  });

  it("says offline when the connection breaks, after what came whole", async () => {
    const seen: string[] = [];
    const read = async () => {
      for await (const { data } of readEvents(body(["data: a\n\n"], "break"))) seen.push(data);
    };
    await expect(read()).rejects.toMatchObject({ code: "offline" });
    expect(seen).toEqual(["a"]);
  });

  it("does not wait for ever on a silent line", async () => {
    await expect(collect(body(["data: a\n\n"], "silence"), 20)).rejects.toBeInstanceOf(ApiError);
  });
});
