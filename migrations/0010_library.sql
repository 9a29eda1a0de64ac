-- A document has versions, its chunks can be edited, and a base suggests what to ask.

alter table base add column suggestions text[] not null default '{}'
  constraint base_suggestions_few check (cardinality(suggestions) <= 8);

-- What is not enabled is parked: its rows in the tables of search carry the number of the base with
-- a minus, where no question looks.
alter table document add column enabled boolean not null default true;

-- The bytes that were sent for a document, one after the other. One row is current at most: the one
-- that is searched. Old ones stay for the answers that cite them; `knowledge/version.rs` says how
-- many.
create table document_version (
  client_no int not null,
  document_no bigint not null,
  version int not null check (version >= 1),
  state text not null check (state in ('building', 'current', 'failed', 'retired')),
  reason text,
  -- what the file was called: the document may be renamed, the extension counts when it is read
  file_name text not null,
  media_type text not null,
  source_url text,
  blob_hash bytea not null,
  bytes bigint not null,
  pages int,
  page_errors jsonb not null,
  chunks int not null check (chunks >= 0),
  -- how long its chunks are to be; null = as always
  chunk_chars int,
  -- whether an answer cites it
  cited boolean not null,
  created_at timestamptz not null,
  primary key (client_no, document_no, version),
  foreign key (client_no, document_no) references document (client_no, document_no) on delete cascade,
  constraint document_version_blob foreign key (client_no, blob_hash) references blob (client_no, hash)
);
create index document_version_of_blob on document_version (client_no, blob_hash);

-- The owner runs this and is no client: without `force` it sees the rows that are there.
alter table document no force row level security;
insert into document_version (client_no, document_no, version, state, reason, file_name, media_type, source_url,
  blob_hash, bytes, pages, page_errors, chunks, cited, created_at)
select client_no, document_no, greatest(version, 1),
  case state when 'ready' then 'current' when 'failed' then 'failed' else 'building' end,
  reason, name, media_type, source_url, blob_hash, bytes, pages, page_errors, chunks, state = 'ready', created_at
from document where blob_hash is not null;
alter table document force row level security;
select scope_to_client('document_version');

-- An edited chunk says something else than the text at its place; an added one has no place.
alter table chunk add column enabled boolean not null default true;
alter table chunk add column origin text not null default 'extracted'
  constraint chunk_origin check (origin in ('extracted', 'edited', 'added'));
alter table chunk add column revision int not null default 1
  constraint chunk_revision check (revision >= 1);
