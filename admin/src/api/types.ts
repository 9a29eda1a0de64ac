/** The console's names for the shapes of the operators' API. */

export interface Page<Item> {
  items: Item[];
  next_cursor?: string | null;
}

export type ProblemCode =
  | "unauthenticated" | "forbidden" | "not_found" | "taken" | "conflict" | "stale" | "too_large" | "unsupported"
  | "invalid" | "throttled" | "unavailable" | "upstream" | "internal" | "interrupted";

export type Role = "admin" | "finance" | "knowledge" | "read_only";
export interface Me { name: string; role: Role; session_until: string }
export interface LinkOpened { operator: { name: string; role: Role }; totp: { secret: string; otpauth_url: string } }
export interface Operator { id: string; name: string; role: Role; enabled: boolean; set_up: boolean; created_at: string }
export interface OperatorLink { operator: Operator; link: string }

export type V1Tokens = "header" | "exchange_once";
export type MembersMay = "read" | "own" | "manage";
export interface Client {
  id: string; name: string; description: string; enabled: boolean; v1_tokens: V1Tokens; members_may: MembersMay;
  token_realm: string; reentry_url?: string | null; time_zone: string; origins: string[];
  requests_per_minute?: number | null; user_requests_per_minute?: number | null; created_at: string;
}
export interface NewClient { name: string; id?: string; description?: string; v1_tokens?: V1Tokens; key_bits?: number; import_key?: string }
export type ClientChange = Partial<Omit<Client, "id" | "created_at" | "token_realm">>;
export interface ClientMade { client: Client; client_key: string }
export type SnippetLang = "typescript" | "python" | "java" | "php" | "curl";
export interface Snippets { files: { name: string; text: string }[] }
export interface ClientKey { id: string; bits: number; created_at: string; retires_at?: string | null; killed_at?: string | null; last_used_at?: string | null; fingerprint: string }
export interface KeyMade { key: ClientKey; client_key: string }
export type Scope = "knowledge:read" | "knowledge:write";
export interface ApiKey { id: string; name: string; scopes: Scope[]; created_at: string; revoked_at?: string | null; last_used_at?: string | null }
export interface ApiKeyMade { id: string; secret: string }
export type UserRole = "member" | "manager";
export interface User { id: string; realm: string; external_id: string; username: string; role: UserRole; enabled: boolean; created_at: string; last_seen_at?: string | null; sessions: number; documents: number }
export interface TokenStep { step: string; ok: boolean; detail_code: string; values: Record<string, string> }
export interface TokenVerdict { verdict: "accepted" | "refused"; steps: TokenStep[]; client_id?: string | null; user?: string | null }
export interface Base { id: string; name: string; title: string; description: string; documents: number; chunks: number; created_at: string }
export type DocumentState = "uploaded" | "extracting" | "embedding" | "ready" | "failed";
export interface Doc { id: string; name: string; state: DocumentState; reason?: string | null; bytes: number; pages?: number | null; chunks?: number | null; page_errors: { page: number; reason: string }[]; created_at: string }
export interface AuditEvent { id: string; at: string; operator: string; act: string; client_id?: string | null; subject?: string | null; detail?: string | null; address: string }
export interface Overview { clients: number; users: number; documents: Record<DocumentState, number>; answers_24h: number; version: string }
