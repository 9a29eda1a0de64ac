-- Questions that pages recommend, chunks that senders cut themselves, and a client's own choice of a model.

create table recommended_question (
  client_no int not null references client,
  question_id uuid not null,
  -- older systems know questions by a number
  no bigint generated always as identity,
  -- null: about nothing in particular
  base_no int,
  query text not null check (char_length(query) between 1 and 200),
  answer text not null check (char_length(answer) <= 2048),
  tap_count bigint not null check (tap_count >= 0),
  enabled boolean not null,
  -- of those that a base suggests where it is opened: which of them comes first
  place int check (place between 1 and 8),
  created_at timestamptz not null,
  primary key (client_no, question_id),
  constraint recommended_question_no_key unique (client_no, no),
  constraint recommended_question_key unique nulls not distinct (client_no, base_no, query),
  constraint recommended_question_place_of_base check (place is null or base_no is not null),
  constraint recommended_question_base foreign key (client_no, base_no)
    references base (client_no, base_no) on delete cascade
);
create index recommended_question_in_order on recommended_question (client_no, created_at, question_id);
create unique index recommended_question_suggested on recommended_question (client_no, base_no, place)
  where place is not null;

-- What bases suggested so far: from now on the table above is the only place.
-- The owner runs this and is no client: without `force` it sees the rows that are there.
alter table base no force row level security;
insert into recommended_question (client_no, question_id, base_no, query, answer, tap_count, enabled, place, created_at)
select b.client_no, gen_random_uuid(), b.base_no, s.query, '', 0, true, min(s.place), b.created_at
from base b cross join lateral unnest(b.suggestions) with ordinality as s (query, place)
group by b.client_no, b.base_no, s.query, b.created_at;
alter table base force row level security;
alter table base drop column suggestions;
select scope_to_client('recommended_question');

-- Chunks as the sender cut them: [{"text": ..., "metadata": ...}]; null = cut here.
alter table document_version add column custom_chunks jsonb;
-- What the sender says about a chunk.
alter table chunk add column metadata jsonb;

-- The chat model of a client whose conversations choose none; null = the server's.
alter table client add column default_model text
  constraint client_default_model_short check (char_length(default_model) between 1 and 200);
