-- The reconciliation: what others say, how it compares with our books, and days that are closed.

-- What providers say, as it was read from them.
create table outside_fact (
  client_no int not null references client,
  provider text not null check (provider in ('stripe', 'chain')),
  area text not null check (area in ('payment', 'refund', 'dispute', 'arrival')),
  reference text collate "C" not null check (octet_length(reference) between 1 and 255),
  order_id uuid,
  amount numeric(78, 0) not null check (amount >= 0),
  currency text not null check (char_length(currency) between 1 and 100),
  stage text not null check (stage in ('notice', 'open', 'stands', 'undone')),
  at timestamptz not null,
  read_at timestamptz not null,
  primary key (client_no, provider, area, reference)
);
create index outside_fact_by_time on outside_fact (client_no, at);
select scope_to_client('outside_fact');

-- What providers say of things that are nobody's here.
create table outside_stray (
  provider text not null check (provider in ('stripe', 'chain')),
  area text not null check (area in ('payment', 'refund', 'dispute', 'arrival')),
  reference text collate "C" not null check (octet_length(reference) between 1 and 255),
  amount numeric(78, 0) not null,
  currency text not null,
  at timestamptz not null,
  read_at timestamptz not null,
  primary key (provider, area, reference)
);
grant select, insert, update on outside_stray to concierge_system;

-- Days (UTC) of which a provider was read to the end.
create table outside_read (
  provider text not null check (provider in ('stripe', 'chain')),
  day date not null,
  facts int not null,
  read_at timestamptz not null,
  primary key (provider, day)
);
grant select, insert, update on outside_read to concierge_system;
-- a client's day is compared only with a provider that was read
grant select on outside_read to concierge_client;

create table recon_run (
  client_no int not null references client,
  run_id uuid not null,
  day date not null,
  lines int not null default 0,
  healed int not null default 0,
  open int not null default 0,
  started_at timestamptz not null,
  -- none: it is at work, or was broken off
  ended_at timestamptz,
  primary key (client_no, run_id)
);
create index recon_run_by_time on recon_run (client_no, started_at, run_id);
select scope_to_client('recon_run');
revoke update, delete on recon_run from concierge_client, concierge_system;
grant update (lines, healed, open, ended_at) on recon_run to concierge_client;

create table recon_line (
  client_no int not null,
  line_id uuid not null,
  day date not null,
  run_id uuid not null,
  area text not null check (area in ('payment', 'refund', 'dispute', 'arrival', 'order', 'ledger', 'fee')),
  provider text not null check (provider in ('stripe', 'chain', 'ledger')),
  reference text collate "C" not null check (octet_length(reference) between 1 and 255),
  order_id uuid,
  state text not null check (state in ('matched', 'missing_here', 'missing_there', 'amount_differs', 'duplicate',
    'late', 'refunded', 'disputed', 'reorged')),
  ours numeric(78, 0),
  theirs numeric(78, 0),
  currency text not null check (char_length(currency) between 1 and 100),
  standing text not null check (standing in ('fine', 'healed', 'open', 'resolved')),
  reason text not null check (char_length(reason) <= 500),
  note text check (char_length(note) between 1 and 500),
  at timestamptz not null,
  resolved_at timestamptz,
  primary key (client_no, line_id),
  constraint recon_line_once unique (client_no, day, area, provider, reference, state),
  constraint recon_line_resolved check ((standing = 'resolved') = (resolved_at is not null) and (resolved_at is null) = (note is null)),
  foreign key (client_no, run_id) references recon_run
);
create index recon_line_of_thing on recon_line (client_no, area, provider, reference);
create index recon_line_of_run on recon_line (client_no, run_id);
create index recon_line_by_time on recon_line (client_no, day, line_id);
create index recon_line_open on recon_line (client_no, day, line_id) where standing = 'open';
select scope_to_client('recon_line');

-- A closed day: its hash is over the hash of the day before, all of its lines, and what moved in the
-- ledger. Whoever changes an old line has to change every day since.
create table book_day (
  client_no int not null references client,
  day date not null,
  -- transfers up to this number belong to this day or one before
  last_no bigint not null,
  lines int not null,
  open int not null,
  trial text not null,
  before bytea not null check (octet_length(before) = 32),
  hash bytea not null check (octet_length(hash) = 32),
  closed_at timestamptz not null,
  primary key (client_no, day)
);
select scope_to_client('book_day');
revoke update, delete on book_day from concierge_client, concierge_system;

-- what is compared with orders and fees: answers, which are most of the transfers, are in neither
create index transfer_of_order on transfer (client_no, subject) where kind in ('top_up', 'refund', 'loss');
create index transfer_from_outside on transfer (client_no, at) where kind in ('top_up', 'refund', 'loss', 'fee');
