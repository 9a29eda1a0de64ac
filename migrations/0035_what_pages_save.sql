-- What pages of other systems save: with a conversation what kind it is and a document of their own,
-- with an answer what was found for it.
alter table chat_session add column mode text check (char_length(mode) <= 20);
alter table chat_session add column param jsonb;
alter table message add column passages jsonb;
