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

export type SnippetLang = "typescript" | "python" | "java" | "php" | "curl";
export interface Snippets { files: { name: string; text: string }[] }
export type UserRole = "member" | "manager";
export interface User { id: string; realm: string; external_id: string; username: string; role: UserRole; enabled: boolean; created_at: string; last_seen_at?: string | null; sessions: number; documents: number }
export type StepName = "length" | "envelope" | "client" | "key" | "content" | "time" | "exchange" | "user";
export type Finding = "ok" | "too_long" | "outer_not_base64" | "outer_not_text" | "no_bar" | "inner_not_base64" | "client_unknown" | "client_disabled" | "no_key" | "key_size_differs" | "no_key_opens" | "key_killed" | "key_retired" | "key_too_small" | "content_not_text" | "field_count" | "clients_differ" | "user_id_length" | "username_length" | "timestamp_not_a_number" | "timestamp_not_finite" | "too_old" | "too_far_ahead" | "exchange_over" | "burnt" | "user_disabled" | "user_new";
export interface TokenStep { step: StepName; ok: boolean; detail_code: Finding; values: Record<string, string> }
export interface TokenVerdict { verdict: "accepted" | "refused"; steps: TokenStep[]; client_id?: string | null; user?: string | null }
export interface Base { id: string; name: string; title: string; description: string; documents: number; chunks: number; created_at: string }
export type DocumentState = "uploaded" | "extracting" | "embedding" | "ready" | "failed";
export interface Doc { id: string; name: string; state: DocumentState; reason?: string | null; bytes: number; pages?: number | null; chunks?: number | null; page_errors: { page: number; reason: string }[]; created_at: string }
export interface AuditEvent { id: string; at: string; operator: string; act: string; client_id?: string | null; subject?: string | null; detail?: string | null; address: string }
export interface Overview { clients: number; users: number; documents: Record<DocumentState, number>; answers_24h: number; version: string }
