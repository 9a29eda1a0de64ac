-- The block of what a chain says: blocks are read again, and what is not in them any more is forgotten.
alter table outside_fact add column block_no bigint check (block_no >= 0);
create index outside_fact_of_block on outside_fact (block_no) where block_no is not null;
