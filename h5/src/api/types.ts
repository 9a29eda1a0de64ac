/** The page's names for the shapes of the native API; `schema.d.ts` is generated out of its document. */
import type { components } from "./schema";

type Schemas = components["schemas"];

export type ProblemCode = Schemas["ProblemCode"];

export type TokenExchange = Schemas["Session"];
export type Me = Schemas["Me"];

export type NewSession = Schemas["NewSession"];
export type Session = Schemas["SessionBody"];
/** Null for the bases: every one the user may read. */
export type SessionChange = Schemas["SessionChange"];

/** How a conversation is answered; null leaves it to the server. */
export type SessionSettings = Schemas["SessionSettings"];
export type FoundMessage = Schemas["FoundInSession"];
export type ChatModel = Schemas["ModelBody"];

export type PromptSummary = Schemas["PromptSummary"];

export type Message = Schemas["MessageBody"];
export type Question = Schemas["Question"];
export type ExportFormat = Schemas["ExportFormat"];
export type MessageState = Schemas["MessageState"];
export type MessageError = Schemas["MessageError"];
export type Rating = Schemas["Rating"];
export type Usage = Schemas["Usage"];
export type Citation = Schemas["Citation"];
export type Passage = Schemas["FoundPassage"];

export type KnowledgeBase = Schemas["KnowledgeBase"];
export type KnowledgeDocument = Schemas["DocumentBody"];
export type DocumentState = Schemas["DocumentState"];
export type DocumentText = Schemas["DocumentText"];

/** One's own money, or what the client pays with for all of its users. */
export type Whose = Schemas["UsageOf"];
export type Wallet = Schemas["Wallet"];
export type StatementLine = Schemas["StatementLine"];
export type TransferKind = Schemas["TransferKind"];
export type Quotas = Schemas["Quotas"];
export type Quota = Schemas["Quota"];
export type Entitlement = Schemas["Entitlement"];
export type Plan = Schemas["Plan"];
export type PassUnit = Schemas["PassUnit"];
export type PaymentProvider = Schemas["PaymentProvider"];
export type Quote = Schemas["Quote"];
export type NewOrder = Schemas["NewOrder"];
export type Order = Schemas["Order"];
export type OrderState = Schemas["OrderState"];
export type Deposit = Schemas["Deposit"];
export type Arrival = Schemas["Arrival"];
export type ArrivalVerdict = Schemas["ArrivalVerdict"];
export type MoneyNotice = Schemas["Notice"];

/** What the events of an answer carry, by their names. */
export interface AnswerNews {
  start: Schemas["Start"];
  passages: Schemas["Passages"];
  delta: Schemas["Delta"];
  citations: Schemas["Citations"];
  usage: Usage;
  reset: Schemas["Reset"];
  done: Schemas["Done"];
  error: Schemas["Failed"];
}

export type DocumentNews = Schemas["DocumentProgress"];
