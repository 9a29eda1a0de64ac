-- Payments on chains: the address of an order, what arrived there, and how far each chain was read.

-- Addresses follow from a number that is never used twice, on whatever chain.
create table chain_index (
  client_no int not null references client,
  next int not null check (next > 0),
  primary key (client_no)
);
select scope_to_client('chain_index');
revoke delete on chain_index from concierge_client, concierge_system;

create table chain_address (
  client_no int not null,
  order_id uuid not null,
  address_no int not null check (address_no >= 0),
  address text collate "C" not null check (address ~ '^0x[0-9a-fA-F]{40}$'),
  chain text collate "C" not null check (char_length(chain) between 1 and 20),
  chain_id bigint not null,
  -- what it is to be paid in, and how much of it, in the token's smallest unit
  asset text collate "C" not null check (char_length(asset) between 1 and 100),
  symbol text not null check (char_length(symbol) between 1 and 20),
  decimals int not null check (decimals between 0 and 36),
  amount numeric(78, 0) not null check (amount > 0),
  confirmations int not null check (confirmations > 0),
  -- what is mined until then pays the order; later arrivals wait for a person
  deadline timestamptz not null,
  watched_until timestamptz not null,
  state text not null check (state in ('open', 'paid', 'short', 'refused')),
  -- how often the chain took back what had paid it
  undone int not null check (undone >= 0),
  created_at timestamptz not null,
  primary key (client_no, order_id),
  constraint chain_address_no_key unique (client_no, address_no),
  constraint chain_address_key unique (client_no, address),
  constraint chain_address_order_fkey foreign key (client_no, order_id) references payment_order
);
create index chain_address_watched on chain_address (watched_until);
create index chain_address_open on chain_address (deadline) where state = 'open';
select scope_to_client('chain_address');
revoke delete on chain_address from concierge_client, concierge_system;

-- Something that arrived. The same transaction in another block is another arrival.
create table chain_arrival (
  client_no int not null,
  arrival_id uuid not null,
  order_id uuid not null,
  chain text collate "C" not null,
  block_no bigint not null check (block_no >= 0),
  block_hash text collate "C" not null check (block_hash ~ '^0x[0-9a-f]{64}$'),
  block_at timestamptz not null,
  tx_hash text collate "C" not null check (tx_hash ~ '^0x[0-9a-f]{64}$'),
  -- its place among the logs of the block; -1 for the coin of the chain, which writes none
  log_no bigint not null check (log_no >= -1),
  asset text collate "C" not null,
  payer text collate "C" not null,
  amount numeric(78, 0) not null check (amount > 0),
  -- seen: in a block; confirmed: deep enough to count; reorged: not in the chain any more
  state text not null check (state in ('seen', 'confirmed', 'reorged')),
  -- what it is to its order, once that was weighed
  verdict text not null check (verdict in ('waiting', 'counted', 'short', 'over', 'again', 'late', 'wrong_token', 'wrong_chain', 'refused', 'gone')),
  -- of the amount, what no order was given for: it waits for a person
  left_over numeric(78, 0) not null check (left_over between 0 and amount),
  settled boolean not null,
  seen_at timestamptz not null,
  changed_at timestamptz not null,
  resolved_at timestamptz,
  resolution text check (char_length(resolution) between 1 and 500),
  primary key (client_no, arrival_id),
  -- whatever the settings call the chain: hashes are of one only
  constraint chain_arrival_once unique (client_no, order_id, block_hash, tx_hash, log_no),
  constraint chain_arrival_resolved check ((resolved_at is null) = (resolution is null)),
  foreign key (client_no, order_id) references chain_address
);
create index chain_arrival_watched on chain_arrival (chain, block_no) where state <> 'reorged';
create index chain_arrival_seen on chain_arrival (chain, block_no) where state = 'seen';
create index chain_arrival_by_time on chain_arrival (block_at);
create index chain_arrival_unsettled on chain_arrival (client_no, order_id) where not settled;
-- by verdicts, since a comparison of numbers may not pass the policy to reach an index
create index chain_arrival_left on chain_arrival (client_no, (resolved_at is not null), arrival_id)
  where verdict in ('again', 'late', 'over', 'refused', 'short', 'wrong_chain', 'wrong_token');
select scope_to_client('chain_arrival');
revoke delete on chain_arrival from concierge_client, concierge_system;

-- How far a chain was read, and who reads it just now. It belongs to no client.
create table chain_watch (
  name text collate "C" not null,
  chain_id bigint not null,
  scanned bigint,
  top bigint,
  looked_at timestamptz,
  failed_at timestamptz,
  failure text check (char_length(failure) <= 500),
  lease_id uuid,
  leased_until timestamptz,
  primary key (name)
);
grant select, insert, update on chain_watch to concierge_system;
-- an order shows how many blocks are on top of its payment
grant select on chain_watch to concierge_client;

-- The latest blocks as they were read: where a hash differs now, the chain was reorganised.
create table chain_block (
  name text collate "C" not null,
  block_no bigint not null,
  block_hash text collate "C" not null,
  primary key (name, block_no)
);
grant select, insert, delete on chain_block to concierge_system;
