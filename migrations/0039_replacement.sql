-- Documents that together take the place of all that a base holds, once each of them is read.

-- what it waits with; null = it is one of those that the base holds
alter table document add column replacement_id uuid;

-- one that waits may be called like the one whose place it takes
alter table document drop constraint document_name_key;
create unique index document_name_key on document (client_no, base_no, name) where replacement_id is null;
create unique index document_waiting_name_key on document (client_no, base_no, replacement_id, name)
  where replacement_id is not null;
