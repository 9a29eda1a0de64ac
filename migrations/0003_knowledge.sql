-- Jobs, knowledge bases, documents and the pieces of their text.

create table job (
  client_no int not null references client,
  job_id uuid not null,
  kind text not null,
  subject uuid not null,
  run_at timestamptz not null,
  attempts int not null default 0,
  leased_until timestamptz,
  last_error text,
  dead boolean not null default false,
  created_at timestamptz not null,
  primary key (client_no, job_id),
  constraint job_once unique (client_no, kind, subject)
);
create index job_due on job (run_at) where not dead;
select scope_to_client('job');

-- A slot of the schedule, so that each runs once across processes, late rather than never.
create table job_slot (
  name text not null,
  slot_at timestamptz not null,
  primary key (name, slot_at)
);
grant select, insert, delete on job_slot to concierge_system;

create table base (
  client_no int not null references client,
  base_id uuid not null,
  base_no int generated always as identity,
  owner_id uuid,
  name text not null check (char_length(name) between 1 and 100),
  title text not null check (char_length(title) <= 200),
  description text not null check (char_length(description) <= 2000),
  no_answer text not null check (no_answer in ('refuse', 'model')),
  created_at timestamptz not null,
  primary key (client_no, base_id),
  constraint base_no_key unique (client_no, base_no),
  -- the client's bases have names of their own, and so have each user's
  constraint base_name_key unique nulls not distinct (client_no, owner_id, name),
  foreign key (client_no, owner_id) references app_user on delete cascade
);
select scope_to_client('base');

create table document (
  client_no int not null references client,
  document_id uuid not null,
  document_no bigint generated always as identity,
  base_no int not null,
  name text not null check (char_length(name) between 1 and 255),
  media_type text not null,
  source_url text,
  blob_hash bytea,
  bytes bigint not null,
  state text not null check (state in ('uploaded', 'extracting', 'embedding', 'ready', 'failed')),
  reason text,
  pages int,
  page_errors jsonb not null,
  chunks int not null,
  -- the version that is searched; 0 until there is one
  version int not null,
  progress_done int not null,
  progress_total int not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (client_no, document_id),
  constraint document_no_key unique (client_no, document_no),
  constraint document_name_key unique (client_no, base_no, name),
  constraint document_base foreign key (client_no, base_no) references base (client_no, base_no) on delete cascade
);
create index document_of_base on document (client_no, base_no, created_at, document_id);
create index document_of_blob on document (client_no, blob_hash);
select scope_to_client('document');

-- The text of a version, stored once; spans in chunks and citations are Unicode code points into it.
create table document_text (
  client_no int not null,
  document_no bigint not null,
  version int not null,
  chars int not null,
  text text not null,
  primary key (client_no, document_no, version),
  foreign key (client_no, document_no) references document (client_no, document_no) on delete cascade
);
select scope_to_client('document_text');

create table chunk (
  client_no int not null,
  chunk_id uuid not null,
  chunk_no bigint generated always as identity,
  base_no int not null,
  document_no bigint not null,
  version int not null,
  ordinal int not null,
  start_cp int not null,
  end_cp int not null,
  page int,
  context text not null,
  text text not null,
  primary key (client_no, chunk_id),
  constraint chunk_no_key unique (client_no, chunk_no),
  constraint chunk_order unique (client_no, document_no, version, ordinal),
  foreign key (client_no, document_no) references document (client_no, document_no) on delete cascade
);
select scope_to_client('chunk');
