-- A buyer's orders on chains are counted before one more gets an address.
create index payment_order_of_buyer on payment_order (client_no, buyer_id) where provider = 'chain';

-- Days (UTC) that clients wait for, of which a provider is still to be read.
create table outside_wish (
  provider text not null check (provider in ('stripe', 'chain')),
  day date not null,
  failed_at timestamptz,
  failure text check (char_length(failure) <= 500),
  primary key (provider, day)
);
grant select, insert, update, delete on outside_wish to concierge_system;

-- Who reads a provider just now.
create table outside_turn (
  provider text not null check (provider in ('stripe', 'chain')),
  lease_id uuid,
  leased_until timestamptz,
  primary key (provider)
);
insert into outside_turn (provider) values ('stripe'), ('chain');
grant select, update on outside_turn to concierge_system;

-- The time of a block is looked up for each arrival that the reconciliation reads.
create index chain_arrival_of_block on chain_arrival (client_no, block_hash);

-- Nobody asks for the arrivals of all clients by their time.
drop index chain_arrival_by_time;
