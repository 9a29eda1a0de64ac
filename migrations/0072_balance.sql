-- What moved the balance at Stripe: a payment is compared with the money that came of it, not only with
-- what Stripe says of the payment.

create table outside_balance (
  client_no int not null references client,
  txn text collate "C" not null check (octet_length(txn) between 1 and 255),
  -- what it is about, by the names of outside_fact
  area text not null check (area in ('payment', 'refund', 'dispute')),
  reference text collate "C" not null check (octet_length(reference) between 1 and 255),
  -- what Stripe names: in the place of a payment its charge
  source text collate "C" not null check (octet_length(source) between 1 and 255),
  order_id uuid,
  -- below zero where the balance fell
  amount bigint not null,
  fee bigint not null,
  currency text not null check (char_length(currency) between 1 and 100),
  at timestamptz not null,
  read_at timestamptz not null,
  primary key (client_no, txn)
);
create index outside_balance_of_thing on outside_balance (client_no, area, reference);
create index outside_balance_by_time on outside_balance (client_no, at);
-- what gives money back long after names only what took it
create index outside_balance_by_source on outside_balance (source);
select scope_to_client('outside_balance');

-- Since when the balance was read; none: it was not, since nobody compared it then.
alter table outside_read add balance_since timestamptz;

alter table recon_line drop constraint recon_line_area_check;
alter table recon_line add constraint recon_line_area_check check
  (area in ('payment', 'refund', 'dispute', 'balance', 'arrival', 'order', 'ledger', 'fee'));
-- what moved the balance, what Stripe kept of it, and of which currency both are
alter table recon_line add settled numeric(78, 0);
alter table recon_line add fee numeric(78, 0);
alter table recon_line add settled_in text check (char_length(settled_in) between 1 and 100);
alter table recon_line add constraint recon_line_settled check
  ((settled is null) = (fee is null) and (fee is null) = (settled_in is null));

-- events of other products of an account: what is old is swept
grant delete on stray_event to concierge_system;
create index stray_event_by_time on stray_event (received_at);
