/** What may be chosen for a client, the recommended first. */
import type { MembersMay, Scope, SnippetLang, V1Tokens } from "../api/types";

export const V1_TOKENS: readonly V1Tokens[] = ["exchange_once", "header"];
export const MEMBERS_MAY: readonly MembersMay[] = ["read", "own", "manage"];
export const SNIPPET_LANGS: readonly SnippetLang[] = ["typescript", "python", "java", "php", "curl"];
export const SCOPES: readonly Scope[] = ["knowledge:read", "knowledge:write"];
