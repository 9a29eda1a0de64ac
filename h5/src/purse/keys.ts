/** The keys of purchases: what may have been done already is asked for again by the key it had. */
import { asApiError } from "../api/error";
import { uuid } from "../ui/uuid";

/** By what was wished for. */
export type Keys = Map<string, string>;

/** Only what is done, or surely refused, is done with: whoever asks once more then means another purchase. */
export async function keyed<Done>(keys: Keys, wish: string, act: (key: string) => Promise<Done>): Promise<Done> {
  const key = keys.get(wish) ?? uuid();
  keys.set(wish, key);
  try {
    const done = await act(key);
    keys.delete(wish);
    return done;
  } catch (reason) {
    if (!asApiError(reason).unsure) keys.delete(wish);
    throw reason;
  }
}
