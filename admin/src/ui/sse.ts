/** Reads server-sent events from a body, and gives up on a connection that has fallen silent. */
import { createParser, type EventSourceMessage } from "eventsource-parser";
import { ApiError } from "../api/error";

/** The server sends a heartbeat every few seconds; this much silence means the line is dead. */
const SILENCE_MS_MAX = 25_000;

/** Yields events until the body ends. Throws `ApiError` "offline" when the connection breaks or falls silent. */
export async function* readEvents(
  body: ReadableStream<Uint8Array>,
  silenceMsMax = SILENCE_MS_MAX,
): AsyncGenerator<EventSourceMessage> {
  const ready: EventSourceMessage[] = [];
  const parser = createParser({ onEvent: (event) => ready.push(event) });
  const decoder = new TextDecoder();
  const reader = body.getReader();
  let timer: ReturnType<typeof setTimeout> | undefined;
  try {
    for (;;) {
      // ends the read below, as if the server had closed
      timer = setTimeout(() => void reader.cancel().catch(() => undefined), silenceMsMax);
      const { done, value } = await reader.read().catch(() => Promise.reject(ApiError.offline()));
      clearTimeout(timer);
      if (done) return;
      parser.feed(decoder.decode(value, { stream: true }));
      yield* ready.splice(0);
    }
  } finally {
    clearTimeout(timer);
    reader.cancel().catch(() => undefined);
  }
}
