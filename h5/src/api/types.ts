/**
 * The shapes of the native API as this page uses them.
 *
 * One name per shape and nothing else, so that each can become
 * `components["schemas"]["…"]` of the generated `schema.d.ts` without touching its users.
 */

export type ProblemCode =
  | "unauthenticated"
  | "forbidden"
  | "not_found"
  | "taken"
  | "conflict"
  | "stale"
  | "too_large"
  | "unsupported"
  | "invalid"
  | "throttled"
  | "unavailable"
  | "upstream"
  | "internal";

export interface Problem {
  status: number;
  code: ProblemCode;
  detail: string;
  request_id?: string;
}

export interface Page<Item> {
  items: Item[];
  next_cursor: string | null;
}

export interface TokenExchange {
  access_token: string;
  token_type: "Bearer";
  expires_in: number;
  client_id: string;
  user: { id: string; username: string };
  reentry_url: string | null;
}

export interface Me {
  id: string;
  client_id: string;
  username: string;
  realm: "partner" | "account" | "demo" | "dialect";
  role: "member" | "manager";
  members_may: "read" | "own" | "manage";
}

export interface Session {
  id: string;
  title: string;
  /** null: every base the user may read, decided at each question. */
  knowledge_base_ids: string[] | null;
  created_at: string;
  updated_at: string;
}

/** `start` and `end` count Unicode code points in the text of that document version. */
export interface Citation {
  n: number;
  document_id: string;
  document_name: string;
  version: number;
  chunk_id: string;
  start: number;
  end: number;
  quote: string;
  page: number | null;
}

export interface Passage {
  n: number;
  document_id: string;
  document_name: string;
  version: number;
  chunk_id: string;
  start: number;
  end: number;
  page: number | null;
  text: string;
}

export interface Usage {
  input_tokens: number;
  output_tokens: number;
  counted_by: "vendor" | "server";
}

export type MessageState = "running" | "done" | "stopped" | "failed";

export interface MessageError {
  code: string;
  detail: string;
}

export interface Message {
  id: string;
  session_id: string;
  role: "user" | "assistant";
  /** Of an answer: the id of its question. */
  reply_to: string | null;
  content: string;
  state: MessageState;
  citations: Citation[];
  error: MessageError | null;
  model: string | null;
  usage: Usage | null;
  created_at: string;
}

export interface KnowledgeBase {
  id: string;
  name: string;
  title: string;
  description: string;
  owner: "client" | "user";
  writable: boolean;
  no_answer: "refuse" | "model";
  documents: number;
  chunks: number;
  created_at: string;
}

export type DocumentState = "uploaded" | "extracting" | "embedding" | "ready" | "failed";

export interface KnowledgeDocument {
  id: string;
  knowledge_base_id: string;
  name: string;
  media_type: string;
  bytes: number;
  source_url: string | null;
  state: DocumentState;
  reason: string | null;
  pages: number | null;
  page_errors: { page: number; detail: string }[];
  chunks: number;
  version: number;
  created_at: string;
}

export interface DocumentText {
  document_id: string;
  version: number;
  start: number;
  end: number;
  total: number;
  text: string;
}
