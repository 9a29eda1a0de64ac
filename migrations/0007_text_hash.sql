-- A chunk's text by its hash (SHA-256 of what is embedded, headings included), so that the same text
-- in another document or version of the client takes the vector that is there. Chunks from before
-- have none and are embedded anew.
alter table chunk add column text_hash bytea check (octet_length(text_hash) = 32);
create index chunk_of_text on chunk (client_no, text_hash);
