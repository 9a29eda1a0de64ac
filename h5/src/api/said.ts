/** What the server said, out of what the generated client gives. */
import { ApiError } from "./error";

interface Said<Data> {
  data?: Data;
  response: Response;
}

/** The body of a success; failures have been thrown before. */
export async function said<Data>(call: Promise<Said<Data>>): Promise<NonNullable<Data>> {
  const { data } = await call;
  if (data == null) throw new ApiError("internal", "the server answered without a body");
  return data;
}

/** The response of a success, its body untouched: asked for with `parseAs: "stream"`. */
export async function raw(call: Promise<Said<unknown>>): Promise<Response> {
  return (await call).response;
}

export async function nothing(call: Promise<unknown>): Promise<void> {
  await call;
}
