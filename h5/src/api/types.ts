/** The page's names for the shapes of the native API; `schema.d.ts` is generated out of its document. */
import type { components } from "./schema";

type Schemas = components["schemas"];

/** As it arrives: the document knows optional fields only as absent, the server may also write them as null. */
type Told<Shape> = Shape extends (infer Item)[]
  ? Told<Item>[]
  : Shape extends object
    ? { [Key in keyof Shape]: {} extends Pick<Shape, Key> ? Told<Shape[Key]> | null : Told<Shape[Key]> }
    : Shape;

export interface Page<Item> {
  items: Item[];
  next_cursor?: string | null;
}

export type TokenExchange = Told<Schemas["Session"]>;
export type Me = Told<Schemas["Me"]>;

export type NewSession = Schemas["NewSession"];
export type Session = Told<Schemas["SessionBody"]>;
/** Null for the bases: every one the user may read. */
export type SessionChange = Told<Schemas["SessionChange"]>;

export type Message = Told<Schemas["MessageBody"]>;
export type MessageState = Schemas["MessageState"];
export type MessageError = Schemas["MessageError"];
export type Usage = Schemas["Usage"];
export type Citation = Told<Schemas["Citation"]>;
export type Passage = Told<Schemas["FoundPassage"]>;

export type KnowledgeBase = Told<Schemas["KnowledgeBase"]>;
export type KnowledgeDocument = Told<Schemas["DocumentBody"]>;
export type DocumentState = Schemas["DocumentState"];
export type DocumentText = Schemas["DocumentText"];

/** What the events of an answer carry, by their names. */
export interface AnswerNews {
  start: Schemas["Start"];
  passages: { passages: Passage[] };
  delta: Schemas["Delta"];
  citations: { citations: Citation[] };
  usage: Usage;
  reset: Schemas["Reset"];
  done: Schemas["Done"];
  error: Schemas["Failed"];
}

export type DocumentNews = Told<Schemas["DocumentProgress"]>;
