/** The console's names for the shapes of the operators' API; `schema.d.ts` is generated out of its document. */
import type { components } from "./schema";

type Schemas = components["schemas"];

export interface Page<Item> {
  items: Item[];
  next_cursor?: string | null;
}

export type ProblemCode = Schemas["ProblemCode"];

export type Role = Schemas["OperatorRole"];
export type Me = Schemas["OperatorMe"];
export type LinkOpened = Schemas["LinkBody"];
export type Operator = Schemas["Operator"];
export type OperatorLink = Schemas["OperatorLink"];

export type V1Tokens = Schemas["V1Tokens"];
export type MembersMay = Schemas["MembersMay"];
export type Client = Schemas["Client"];
export type NewClient = Schemas["NewClient"];
export type ClientChange = Schemas["ClientChange"];
export type ClientMade = Schemas["ClientMade"];
export type ClientKey = Schemas["Key"];
export type KeyMade = Schemas["KeyMade"];
export type Scope = Schemas["ApiKeyScope"];
export type ApiKey = Schemas["ApiKey"];
export type ApiKeyMade = Schemas["ApiKeyMade"];

export type SnippetLang = Schemas["SnippetLanguage"];

export type UserRole = Schemas["Role"];
export type User = Schemas["User"];
export type UserChange = Schemas["UserChange"];

export type StepName = Schemas["TokenStepName"];
export type Finding = Schemas["TokenFinding"];
export type TokenStep = Schemas["TokenStep"];
export type TokenDebugged = Schemas["TokenDebugged"];

export type AuditEvent = Schemas["AuditEvent"];
export type Overview = Schemas["Overview"];
export type DocumentState = Schemas["DocumentState"];
export type Base = Schemas["KnowledgeBase"];
export type Doc = Schemas["DocumentBody"];
export type OnConflict = Schemas["OnConflict"];

export type Billing = Schemas["Billing"];
export type Payer = Schemas["Payer"];
export type LowBalance = Schemas["LowBalance"];
export type Price = Schemas["Price"];
export type NewPrice = Schemas["NewPrice"];
export type Plan = Schemas["Plan"];
export type NewPlan = Schemas["NewPlan"];
export type PlanKind = Schemas["PlanKind"];
export type PassUnit = Schemas["PassUnit"];
export type Gift = Schemas["Gift"];
export type Wallet = Schemas["ClientWallet"];
export type Used = Schemas["ClientUsage"];
export type Order = Schemas["Order"];
export type OrderState = Schemas["OrderState"];
export type Goods = Schemas["Goods"];
export type Provider = Schemas["PaymentProvider"];
export type NewRefund = Schemas["NewRefund"];
export type Subscription = Schemas["Subscription"];
export type NewSubscription = Schemas["NewSubscription"];
export type Fee = Schemas["Fee"];
export type FeeState = Schemas["FeeState"];
export type PaymentException = Schemas["PaymentException"];
export type ExceptionReason = Schemas["ExceptionReason"];
export type ExceptionState = Schemas["ExceptionState"];
export type Resolution = Schemas["Resolution"];
export type Arrival = Schemas["Arrival"];
export type ArrivalState = Schemas["ArrivalState"];
export type ArrivalVerdict = Schemas["ArrivalVerdict"];
export type ChainWatch = Schemas["ChainWatch"];
export type Reconciliation = Schemas["Reconciliation"];
export type BookDay = Schemas["BookDay"];
export type BookLine = Schemas["BookLine"];
export type BookArea = Schemas["BookArea"];
export type BookLineState = Schemas["BookLineState"];
export type Standing = Schemas["BookLineStanding"];
