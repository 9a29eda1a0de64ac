/** Shapes as the server gives them, for tests: taken from its document. */
import { readFileSync } from "node:fs";
import type { Arrival, Deposit, MoneyNotice, Order, Plan, Quote } from "../api/types";

interface Document {
  components: { schemas: Record<string, { example: unknown }> };
}

const { schemas } = (JSON.parse(readFileSync("../openapi/native.json", "utf8")) as Document).components;

function example<Shape extends object>(name: string) {
  return (change: Partial<Shape> = {}) => ({ ...(schemas[name]?.example as Shape), ...change });
}

export const order = example<Order>("Order");
export const plan = example<Plan>("Plan");
export const quote = example<Quote>("Quote");
export const arrival = example<Arrival>("Arrival");
export const deposit = example<Deposit>("Deposit");
export const notice = example<MoneyNotice>("Notice");
