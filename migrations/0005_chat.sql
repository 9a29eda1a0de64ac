-- Conversations: a turn is a question and its answer, stored as two messages.

create table chat_session (
  client_no int not null,
  session_id uuid not null,
  user_id uuid not null,
  title text not null check (char_length(title) <= 200),
  -- null: every base the user may read
  base_ids uuid[],
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (client_no, session_id),
  foreign key (client_no, user_id) references app_user on delete cascade
);
create index chat_session_of_user on chat_session (client_no, user_id, updated_at, session_id);
select scope_to_client('chat_session');

create table message (
  client_no int not null,
  message_id uuid not null,
  no bigint generated always as identity,
  session_id uuid not null,
  user_id uuid not null,
  role text not null check (role in ('user', 'assistant')),
  reply_to uuid,
  content text not null,
  state text not null check (state in ('running', 'done', 'stopped', 'failed')),
  citations jsonb not null,
  error_code text,
  error_detail text,
  model text,
  -- who writes the answer, and until when they are believed to be alive
  runner uuid,
  leased_until timestamptz,
  created_at timestamptz not null,
  ended_at timestamptz,
  primary key (client_no, message_id),
  constraint message_no_key unique (client_no, no),
  constraint one_answer unique (client_no, reply_to),
  foreign key (client_no, session_id) references chat_session on delete cascade,
  foreign key (client_no, reply_to) references message on delete cascade
);
create index message_of_session on message (client_no, session_id, no);
create index message_running on message (client_no, user_id) where state = 'running';
create index message_lease on message (leased_until) where state = 'running';
select scope_to_client('message');

-- Events of an answer, as they went out: kept for a day so that a reader can resume.
create table frame (
  client_no int not null,
  message_id uuid not null,
  first_seq int not null,
  last_seq int not null,
  bytes bytea not null,
  primary key (client_no, message_id, first_seq),
  foreign key (client_no, message_id) references message on delete cascade
);
select scope_to_client('frame');

-- What an answer used, one row each, kept when the answer is deleted.
create table usage (
  client_no int not null references client,
  message_id uuid not null,
  user_id uuid not null,
  model text not null,
  input_tokens int not null check (input_tokens >= 0),
  output_tokens int not null check (output_tokens >= 0),
  counted_by text not null check (counted_by in ('vendor', 'server')),
  outcome text not null check (outcome in ('done', 'stopped', 'failed')),
  created_at timestamptz not null,
  primary key (client_no, message_id)
);
create index usage_by_time on usage (client_no, created_at);
select scope_to_client('usage');
