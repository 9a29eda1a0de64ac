-- What is bought with money from outside: orders, the payments for them, and what went back. Amounts
-- are whole units of a currency, the smallest there are; they never enter the ledger, which moves
-- the credits that they are worth.

create table payment_order (
  client_no int not null references client,
  order_id uuid not null,
  -- whose it will be; the nil id: the client's own
  owner_id uuid not null,
  buyer_id uuid not null,
  -- the plan as it was: what was ordered is what is given, whatever becomes of the plan
  plan_id uuid not null,
  title text not null check (char_length(title) between 1 and 100),
  goods text not null check (goods in ('credit', 'uses', 'pass')),
  credits bigint check (credits > 0),
  provider text not null check (provider in ('stripe', 'chain')),
  amount numeric(24, 0) not null check (amount > 0),
  currency text not null check (currency ~ '^[a-z0-9]{3,12}$'),
  state text not null
    check (state in ('created', 'pending', 'paid', 'fulfilled', 'expired', 'cancelled', 'refunded', 'disputed')),
  -- units that went back to the payer, and units that the payer's bank claims back
  refunded numeric(24, 0) not null default 0 check (refunded >= 0),
  disputed numeric(24, 0) not null default 0 check (disputed >= 0),
  -- micro-credits for these: what the wallet gave, and what had been spent by then
  taken_back bigint not null default 0 check (taken_back >= 0),
  lost bigint not null default 0 check (lost >= 0),
  revoked boolean not null default false,
  -- corrections made, so that each has a name of its own
  steps int not null default 0,
  -- of the buyer: the same order asked for twice is one
  key text collate "C" not null check (octet_length(key) between 1 and 128),
  -- what the provider calls it: a session, an address
  provider_ref text collate "C" check (octet_length(provider_ref) between 1 and 255),
  pay_url text check (octet_length(pay_url) between 1 and 4000),
  created_at timestamptz not null,
  expires_at timestamptz not null,
  paid_at timestamptz,
  fulfilled_at timestamptz,
  changed_at timestamptz not null,
  primary key (client_no, order_id),
  constraint payment_order_once unique (client_no, buyer_id, key),
  constraint payment_order_ref unique (client_no, provider, provider_ref),
  constraint payment_order_goods check ((goods = 'credit') <= (credits is not null)),
  constraint payment_order_back check (taken_back + lost <= coalesce(credits, 0))
);
create index payment_order_of_owner on payment_order (client_no, owner_id, created_at, order_id);
create index payment_order_by_time on payment_order (client_no, created_at, order_id);
create index payment_order_waiting on payment_order (client_no, expires_at) where state in ('created', 'pending');
select scope_to_client('payment_order');
-- amount, currency, provider and goods are bound when it is made
revoke update, delete on payment_order from concierge_client, concierge_system;
grant update (state, refunded, disputed, taken_back, lost, revoked, steps, provider_ref, pay_url, paid_at,
  fulfilled_at, changed_at) on payment_order to concierge_client;

-- Money that came in. One payment is for one order: its reference is used once.
create table payment (
  client_no int not null,
  payment_id uuid not null,
  order_id uuid not null,
  provider text not null check (provider in ('stripe', 'chain')),
  reference text collate "C" not null check (octet_length(reference) between 1 and 255),
  amount numeric(24, 0) not null check (amount > 0),
  currency text not null check (currency ~ '^[a-z0-9]{3,12}$'),
  -- good: it is what the order asked for; queued: somebody has to look at it
  state text not null check (state in ('good', 'queued')),
  at timestamptz not null,
  primary key (client_no, payment_id),
  constraint payment_once unique (client_no, provider, reference),
  foreign key (client_no, order_id) references payment_order
);
create index payment_of_order on payment (client_no, order_id);
-- an event may name the payment only, and not whose it is
create index payment_of_reference on payment (provider, reference);
select scope_to_client('payment');
revoke delete on payment from concierge_client, concierge_system;

-- Money that goes back, by refund or by dispute: one row for each, which only moves forward.
create table payment_reversal (
  client_no int not null,
  provider text not null check (provider in ('stripe', 'chain')),
  reference text collate "C" not null check (octet_length(reference) between 1 and 255),
  order_id uuid not null,
  -- the payment that it is of, if that is known
  payment text collate "C" check (octet_length(payment) between 1 and 255),
  kind text not null check (kind in ('refund', 'dispute')),
  amount numeric(24, 0) not null check (amount > 0),
  currency text not null check (currency ~ '^[a-z0-9]{3,12}$'),
  stage text not null check (stage in ('notice', 'open', 'stands', 'undone')),
  created_at timestamptz not null,
  changed_at timestamptz not null,
  primary key (client_no, provider, reference),
  foreign key (client_no, order_id) references payment_order
);
create index payment_reversal_of_order on payment_reversal (client_no, order_id);
select scope_to_client('payment_reversal');
revoke delete on payment_reversal from concierge_client, concierge_system;

-- Events of providers that were taken in, so that each has its effect once. Their bodies hold names
-- and addresses of payers: what is kept is their sum.
create table payment_event (
  client_no int not null references client,
  provider text not null check (provider in ('stripe', 'chain')),
  event_id text collate "C" not null check (octet_length(event_id) between 1 and 255),
  kind text not null check (char_length(kind) between 1 and 100),
  object_id text collate "C" check (octet_length(object_id) <= 255),
  order_id uuid,
  body_hash bytea not null check (octet_length(body_hash) = 32),
  received_at timestamptz not null,
  primary key (client_no, provider, event_id)
);
select scope_to_client('payment_event');
revoke update, delete on payment_event from concierge_client, concierge_system;

-- Events that are about no order of ours.
create table stray_event (
  provider text not null check (provider in ('stripe', 'chain')),
  event_id text collate "C" not null check (octet_length(event_id) between 1 and 255),
  kind text not null check (char_length(kind) between 1 and 100),
  object_id text collate "C" check (octet_length(object_id) <= 255),
  body_hash bytea not null check (octet_length(body_hash) = 32),
  received_at timestamptz not null,
  primary key (provider, event_id)
);
grant select, insert on stray_event to concierge_system;

-- What nobody may decide but a person: money that does not fit what was ordered.
create table payment_exception (
  client_no int not null references client,
  exception_id uuid not null,
  order_id uuid,
  provider text not null check (provider in ('stripe', 'chain')),
  reference text collate "C" not null check (octet_length(reference) between 1 and 255),
  reason text not null check (char_length(reason) between 1 and 40),
  amount numeric(24, 0) check (amount >= 0),
  currency text check (currency ~ '^[a-z0-9]{3,12}$'),
  detail text not null check (char_length(detail) <= 500),
  state text not null check (state in ('open', 'fulfilled', 'dismissed')),
  note text check (char_length(note) between 1 and 500),
  created_at timestamptz not null,
  resolved_at timestamptz,
  primary key (client_no, exception_id),
  constraint payment_exception_once unique (client_no, provider, reference, reason),
  constraint payment_exception_resolved check ((state = 'open') = (resolved_at is null)),
  foreign key (client_no, order_id) references payment_order
);
create index payment_exception_of_order on payment_exception (client_no, order_id);
create index payment_exception_by_time on payment_exception (client_no, state, created_at, exception_id);
select scope_to_client('payment_exception');
revoke delete on payment_exception from concierge_client, concierge_system;

-- What is asked of a provider, written down before it is asked: asked again after a crash, it is the
-- same request with the same key, to the last byte.
create table payment_call (
  client_no int not null,
  call_id uuid not null,
  order_id uuid not null,
  what text not null check (what in ('checkout', 'refund')),
  path text not null check (octet_length(path) between 1 and 255),
  body text not null check (octet_length(body) between 1 and 20000),
  state text not null check (state in ('waiting', 'done', 'failed')),
  created_at timestamptz not null,
  ended_at timestamptz,
  primary key (client_no, call_id),
  constraint payment_call_ended check ((state = 'waiting') = (ended_at is null)),
  foreign key (client_no, order_id) references payment_order
);
create index payment_call_of_order on payment_call (client_no, order_id, created_at);
select scope_to_client('payment_call');
revoke delete on payment_call from concierge_client, concierge_system;
