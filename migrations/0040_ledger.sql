-- Money: the accounts of a client and the transfers between them, in micro-credits. No name of a
-- person is in here, so that erasing one never touches the books.

create table account (
  client_no int not null references client,
  account_no bigint generated always as identity,
  kind text not null check (kind in ('clearing', 'stripe', 'chain', 'promotion', 'revenue', 'loss', 'wallet', 'held')),
  -- the user whose it is; the nil id: the client's own
  owner_id uuid not null,
  -- kept where money is taken only as far as there is some; all other totals are sums of transfers
  balance bigint,
  created_at timestamptz not null,
  primary key (client_no, account_no),
  constraint account_once unique (client_no, owner_id, kind),
  constraint account_balance_kept check ((kind in ('wallet', 'held')) = (balance is not null)),
  constraint account_never_negative check (balance >= 0)
);
select scope_to_client('account');
revoke delete on account from concierge_client, concierge_system;

-- One row is one transfer from an account to another: that the books add up to nothing is its shape.
create table transfer (
  client_no int not null,
  transfer_id uuid not null,
  no bigint generated always as identity,
  kind text not null check (kind in ('top_up', 'grant', 'hold', 'charge', 'release', 'purchase', 'fee', 'refund', 'loss')),
  debit_no bigint not null,
  credit_no bigint not null,
  amount bigint not null check (amount > 0),
  -- of the account, once the transfer was made; null where no balance is kept
  debit_after bigint,
  credit_after bigint,
  -- the same deed asked for twice is done once
  key text collate "C" not null check (octet_length(key) between 1 and 200),
  -- the answer or order that it is about
  subject uuid,
  note text not null check (char_length(note) <= 500),
  at timestamptz not null,
  primary key (client_no, transfer_id),
  constraint transfer_no_key unique (client_no, no),
  constraint transfer_once unique (client_no, key),
  constraint transfer_two_accounts check (debit_no <> credit_no),
  foreign key (client_no, debit_no) references account,
  foreign key (client_no, credit_no) references account
);
create index transfer_by_debit on transfer (client_no, debit_no, no);
create index transfer_by_credit on transfer (client_no, credit_no, no);
select scope_to_client('transfer');
revoke update, delete on transfer from concierge_client, concierge_system;

create function transfer_stays() returns trigger
language plpgsql as $$
begin
  raise exception 'a transfer is never changed: make another one' using errcode = 'insufficient_privilege';
end $$;
create trigger transfer_stays before update or delete or truncate on transfer
  for each statement execute function transfer_stays();

-- Credits set aside for an answer that is being written.
create table hold (
  client_no int not null,
  hold_id uuid not null,
  wallet_no bigint not null,
  held_no bigint not null,
  amount bigint not null check (amount > 0),
  state text not null check (state in ('open', 'settled', 'released')),
  created_at timestamptz not null,
  ended_at timestamptz,
  primary key (client_no, hold_id),
  constraint hold_ended check ((state = 'open') = (ended_at is null)),
  foreign key (client_no, wallet_no) references account,
  foreign key (client_no, held_no) references account
);
create index hold_open on hold (client_no, created_at) where state = 'open';
create index hold_of_held on hold (client_no, held_no) where state = 'open';
select scope_to_client('hold');
revoke delete on hold from concierge_client, concierge_system;
