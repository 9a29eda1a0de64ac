/** The settings of a conversation: their bounds, and what a form makes of them. Pure. */
import type { SessionSettings } from "../api/types";

export const NO_SETTINGS: SessionSettings = {
  model: null,
  temperature: null,
  max_tokens: null,
  top_k: null,
  threshold: null,
  history_count: null,
  prompt: null,
};

export type NumberSetting = "temperature" | "max_tokens" | "top_k" | "threshold" | "history_count";

/** The server's bounds. Of the longest answer the model has the last word. */
export const BOUNDS: Readonly<Record<NumberSetting, { min: number; max: number; step: number }>> = {
  temperature: { min: 0, max: 2, step: 0.1 },
  max_tokens: { min: 1, max: 32_768, step: 1 },
  top_k: { min: 1, max: 20, step: 1 },
  threshold: { min: 0, max: 1, step: 0.05 },
  history_count: { min: 0, max: 30, step: 1 },
};

export const NUMBERS = Object.keys(BOUNDS) as NumberSetting[];

/** What a person typed: a number within its bounds, null for nothing, undefined for what will not do. */
export function numberIn(name: NumberSetting, text: string): number | null | undefined {
  if (text.trim() === "") return null;
  const value = Number(text.trim().replace(",", "."));
  const { min, max, step } = BOUNDS[name];
  if (!Number.isFinite(value) || value < min || value > max) return undefined;
  return step === 1 && !Number.isInteger(value) ? undefined : value;
}

/** How many are not as the server is set up. */
export function changedCount(settings: Partial<SessionSettings>): number {
  return Object.values(settings).filter((value) => value != null).length;
}
