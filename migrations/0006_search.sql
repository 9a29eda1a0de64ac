-- What is searched: terms and vectors of the one version of each document that is current. They
-- are written and removed in the commit that switches or deletes the document, so that no row
-- here is ever to be skipped.

-- Which version of a document is in the tables below, and its share in base_stats. Nothing
-- cascades into it: a document cannot be deleted before it was taken out of the search.
create table document_index (
  client_no int not null,
  document_no bigint not null,
  base_no int not null,
  version int not null,
  chunks int not null check (chunks >= 0),
  terms_total bigint not null check (terms_total >= 0),
  primary key (client_no, document_no),
  constraint document_index_document foreign key (client_no, document_no)
    references document (client_no, document_no)
);
create index document_index_of_base on document_index (client_no, base_no);
select scope_to_client('document_index');

create table base_stats (
  client_no int not null,
  base_no int not null,
  chunks bigint not null check (chunks >= 0),
  terms_total bigint not null check (terms_total >= 0),
  primary key (client_no, base_no),
  foreign key (client_no, base_no) references base (client_no, base_no) on delete cascade
);
select scope_to_client('base_stats');

-- A block of the chunks of a document version that contain a term. The primary key carries the
-- block itself: a question reads neighbouring index entries and no table page at all. That is why
-- a block is bounded (an index entry takes at most a third of a page) and kept as it is. Terms are
-- compared by equality only, under the collation that is a plain comparison of bytes.
create table posting (
  document_no bigint not null,
  client_no int not null,
  base_no int not null,
  version int not null,
  first_ordinal int not null,
  term text collate "C" not null check (octet_length(term) between 1 and 64),
  packed bytea storage plain not null check (octet_length(packed) between 1 and 1800),
  primary key (client_no, base_no, term, document_no, version, first_ordinal) include (packed)
);
-- so that a document leaves without a search for its terms; equal keys cost a few bytes each
create index posting_of_document on posting (client_no, document_no);
select scope_to_client('posting');

-- The vectors, narrow and in line, since an exact scan reads all of a base. Vectors of different
-- embedders, whose lengths differ too, never meet: the embedder comes before them in the key.
create table chunk_vector (
  document_no bigint not null,
  client_no int not null,
  base_no int not null,
  version int not null,
  ordinal int not null,
  embedder text collate "C" not null check (octet_length(embedder) between 1 and 64),
  embedding halfvec storage plain not null,
  primary key (client_no, base_no, embedder, document_no, version, ordinal)
);
create index chunk_vector_of_document on chunk_vector (client_no, document_no);
select scope_to_client('chunk_vector');
