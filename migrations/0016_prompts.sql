-- Prompts of a client, and of its knowledge bases, above those that are shipped.

create table prompt (
  client_no int not null references client,
  prompt_id uuid not null,
  name text not null check (name ~ '^[a-z][a-z0-9_-]{0,49}$'),
  -- null: the client's
  base_id uuid,
  -- of the last change; versions are counted on when the prompt goes back to the one below
  version int not null check (version > 0),
  title text not null check (char_length(title) <= 200),
  description text not null check (char_length(description) <= 2000),
  -- null in both: the one below counts
  zh text check (char_length(zh) <= 8000),
  en text check (char_length(en) <= 8000),
  primary key (client_no, prompt_id),
  constraint prompt_name_key unique nulls not distinct (client_no, name, base_id),
  foreign key (client_no, base_id) references base on delete cascade
);
create index prompt_of_base on prompt (client_no, base_id, name);
select scope_to_client('prompt');

-- Who changed what, and when.
create table prompt_version (
  client_no int not null,
  prompt_id uuid not null,
  version int not null check (version > 0),
  zh text,
  en text,
  note text not null check (char_length(note) <= 500),
  by_user uuid,
  by_machine uuid,
  created_at timestamptz not null,
  primary key (client_no, prompt_id, version),
  foreign key (client_no, prompt_id) references prompt on delete cascade
);
select scope_to_client('prompt_version');
