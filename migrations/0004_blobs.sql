-- Uploaded bytes by their hash. The row is the lock under which the file comes and goes.

create table blob (
  client_no int not null references client,
  hash bytea not null,
  bytes bigint not null,
  created_at timestamptz not null,
  primary key (client_no, hash)
);
select scope_to_client('blob');
alter table document
  add constraint document_blob foreign key (client_no, blob_hash) references blob (client_no, hash);
