/** Reads server-sent events from a response body, and gives up on a connection that has fallen silent. */
import { createParser, type EventSourceMessage } from "eventsource-parser";
import { ApiError } from "../api/error";

/** The server sends a heartbeat every few seconds; this much silence means the line is dead. */
export const SILENCE_MS_MAX = 25_000;

/** Yields events until the body ends. Throws `ApiError` "offline" when the connection breaks or falls silent. */
export async function* readEvents(
  response: Response,
  silenceMsMax = SILENCE_MS_MAX,
): AsyncGenerator<EventSourceMessage> {
  if (response.body === null) throw ApiError.offline();
  const ready: EventSourceMessage[] = [];
  const parser = createParser({ onEvent: (event) => ready.push(event) });
  const decoder = new TextDecoder();
  const reader = response.body.getReader();
  try {
    for (;;) {
      const { done, value } = await withinTime(reader.read(), silenceMsMax);
      if (done) return;
      parser.feed(decoder.decode(value, { stream: true }));
      yield* ready.splice(0);
    }
  } finally {
    // also reached when the reader of this generator stops early: lets the connection go
    reader.cancel().catch(() => undefined);
  }
}

async function withinTime<Value>(read: Promise<Value>, milliseconds: number): Promise<Value> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const silence = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(ApiError.offline()), milliseconds);
  });
  try {
    return await Promise.race([read, silence]);
  } catch (error) {
    if (error instanceof DOMException || error instanceof ApiError) throw error;
    throw ApiError.offline();
  } finally {
    clearTimeout(timer);
  }
}
