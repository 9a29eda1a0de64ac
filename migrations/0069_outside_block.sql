-- How far each chain was read by the reconciliation, by day (UTC): the next day goes on from there.

create table outside_block (
  chain text collate "C" not null,
  day date not null,
  top bigint not null check (top >= 0),
  primary key (chain, day)
);
grant select, insert, update on outside_block to concierge_system;
grant select on outside_block to concierge_client;
