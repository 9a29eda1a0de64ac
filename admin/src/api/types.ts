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
