/** A price as it is typed, and what counts when. */
import type { NewPrice, Price } from "../api/types";
import type { Texts } from "../i18n/en";
import type { Faults } from "../ui/useDraft";
import { creditsIn, RATE_MAX } from "./amount";

/** In the order in which they are asked for and shown. */
export const RATES = ["input", "cached_input", "output", "embedding", "page", "image"] as const;
export type Rate = (typeof RATES)[number];

/** Characters of a model's name at most. */
export const MODEL_CHARS_MAX = 100;

export interface PriceDraft extends Record<Rate, string> {
  model: string;
  from: "now" | "later";
  /** As the browser's own field writes it: a time of the place where the browser is. */
  at: string;
}

/** The next price of a model begins as the one that it has. */
export function priceDraft(price: Price | null): PriceDraft {
  const rates = Object.fromEntries(RATES.map((rate) => [rate, price?.[rate] ?? ""])) as Record<Rate, string>;
  return { model: price?.model ?? "", ...rates, from: "now", at: "" };
}

export function priceFaults(draft: PriceDraft, t: Texts): Faults<PriceDraft> {
  const faults: Faults<PriceDraft> = {};
  const chars = [...draft.model.trim()].length;
  if (chars === 0 || chars > MODEL_CHARS_MAX) faults.model = t.prices.modelWrong;
  const blank = (rate: Rate) => draft[rate].trim() === "";
  if (RATES.every(blank)) faults.input = t.prices.noRate;
  if (blank("input") !== blank("output")) faults[blank("input") ? "input" : "output"] = t.prices.both;
  for (const rate of RATES) if (rateOf(draft[rate]) === undefined) faults[rate] = t.prices.rateWrong;
  if (draft.from === "later" && Number.isNaN(Date.parse(draft.at))) faults.at = t.prices.atMissing;
  return faults;
}

/** For a draft without faults. */
export function newPriceOf(draft: PriceDraft): NewPrice {
  const rates = Object.fromEntries(RATES.map((rate) => [rate, rateOf(draft[rate]) ?? null]));
  const later = draft.from === "later" ? new Date(draft.at).toISOString() : null;
  return { model: draft.model.trim(), ...rates, valid_from: later };
}

/** Null for what is not sold, undefined for what is no rate. */
function rateOf(text: string): string | null | undefined {
  return text.trim() === "" ? null : (creditsIn(text, 0n, RATE_MAX) ?? undefined);
}

export type PriceStanding = "now" | "later" | "before";

/** How each price of a list stands at a moment, by its id: of each model the latest that has begun counts. */
export function standingsOf(prices: readonly Price[], now: number): ReadonlyMap<string, PriceStanding> {
  const begins = ({ valid_from: from }: Price) => Date.parse(from);
  const latest = new Map<string, Price>();
  for (const price of prices) {
    const known = latest.get(price.model);
    if (begins(price) <= now && (known === undefined || begins(price) > begins(known))) latest.set(price.model, price);
  }
  const standing = (price: Price): PriceStanding =>
    begins(price) > now ? "later" : latest.get(price.model) === price ? "now" : "before";
  return new Map(prices.map((price) => [price.id, standing(price)]));
}
