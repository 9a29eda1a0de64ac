-- Notices about money: one for each time that a wallet falls low or a fee stays unpaid.

-- Below how many micro-credits a wallet is low; no row: nobody is told.
create table low_balance (
  client_no int not null references client,
  threshold bigint not null check (threshold > 0),
  changed_at timestamptz not null,
  primary key (client_no)
);
select scope_to_client('low_balance');

create table notice (
  client_no int not null references client,
  notice_id uuid not null,
  -- whose wallet; the nil id: the client's own
  owner_id uuid not null,
  kind text not null check (kind in ('low_balance', 'fee_unpaid')),
  -- what there was, and what there should have been, in micro-credits
  amount bigint not null,
  threshold bigint not null,
  begun_at timestamptz not null,
  ended_at timestamptz,
  primary key (client_no, notice_id)
);
create unique index notice_once on notice (client_no, owner_id, kind) where ended_at is null;
create index notice_by_time on notice (client_no, begun_at, notice_id);
select scope_to_client('notice');
revoke delete on notice from concierge_client, concierge_system;
