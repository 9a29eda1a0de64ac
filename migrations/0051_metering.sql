-- What things cost, who pays for them, and what was used.

-- One row is one version of a price: what is not set is not sold.
create table price (
  client_no int not null references client,
  price_id uuid not null,
  -- a model by its name in config.ini; `ingestion`: the reading of documents
  model text collate "C" not null check (char_length(model) between 1 and 100),
  -- micro-credits per million tokens
  input bigint check (input between 0 and 1000000000000),
  cached_input bigint check (cached_input between 0 and 1000000000000),
  output bigint check (output between 0 and 1000000000000),
  embedding bigint check (embedding between 0 and 1000000000000),
  -- micro-credits each
  page bigint check (page between 0 and 1000000000000),
  image bigint check (image between 0 and 1000000000000),
  valid_from timestamptz not null,
  created_at timestamptz not null,
  primary key (client_no, price_id),
  constraint price_once unique (client_no, model, valid_from)
);
select scope_to_client('price');
revoke update, delete on price from concierge_client, concierge_system;

-- No row: nothing is held, nothing is charged.
create table billing_settings (
  client_no int not null references client,
  payer text not null check (payer in ('off', 'client', 'user')),
  free_uses_per_day int not null check (free_uses_per_day between 0 and 1000000),
  -- micro-credits; null: no limit
  budget_per_month bigint check (budget_per_month >= 0),
  user_credits_per_day bigint check (user_credits_per_day >= 0),
  user_credits_per_month bigint check (user_credits_per_month >= 0),
  user_uses_per_day int check (user_uses_per_day >= 0),
  user_uses_per_month int check (user_uses_per_month >= 0),
  changed_at timestamptz not null,
  primary key (client_no)
);
select scope_to_client('billing_settings');
revoke delete on billing_settings from concierge_client, concierge_system;

-- What was used up of quotas and budgets in a day or month of the client's calendar, with what is
-- set aside for answers being written.
create table tally (
  client_no int not null references client,
  -- the user; the nil id: all of the client's
  owner_id uuid not null,
  period text not null check (period in ('day', 'month')),
  begins date not null,
  uses int not null check (uses >= 0),
  free_uses int not null check (free_uses >= 0),
  credits bigint not null check (credits >= 0),
  primary key (client_no, owner_id, period, begins)
);
select scope_to_client('tally');

-- What was metered, one row each: by what it is paid, what is set aside for it, what it cost.
create table meter (
  client_no int not null,
  -- the id of the answer or picture, or of this attempt to read a document
  meter_id uuid not null,
  -- the user; the nil id: a program of the client
  owner_id uuid not null,
  kind text not null check (kind in ('answer', 'ingestion', 'image')),
  -- what it is about when that may be tried again, such as a document
  subject uuid,
  price_id uuid not null,
  source text not null check (source in ('allowance', 'pass', 'pack', 'credit')),
  entitlement_id uuid,
  state text not null check (state in ('open', 'settled', 'released')),
  -- micro-credits
  held bigint not null check (held >= 0),
  charged bigint not null check (charged between 0 and held),
  -- in the client's calendar, when it was opened
  day date not null,
  month date not null,
  input_tokens bigint not null default 0 check (input_tokens >= 0),
  cached_tokens bigint not null default 0 check (cached_tokens >= 0),
  output_tokens bigint not null default 0 check (output_tokens >= 0),
  embedding_tokens bigint not null default 0 check (embedding_tokens >= 0),
  pages bigint not null default 0 check (pages >= 0),
  images bigint not null default 0 check (images >= 0),
  opened_at timestamptz not null,
  ended_at timestamptz,
  primary key (client_no, meter_id),
  constraint meter_ended check ((state = 'open') = (ended_at is null)),
  constraint meter_entitled check ((source in ('pass', 'pack')) = (entitlement_id is not null)),
  foreign key (client_no, price_id) references price,
  foreign key (client_no, entitlement_id) references entitlement
);
create index meter_open on meter (client_no, opened_at) where state = 'open';
create index meter_of_subject on meter (client_no, subject) where state = 'open';
create index meter_by_month on meter (client_no, month, owner_id);
create index meter_by_price on meter (client_no, price_id);
create index meter_by_entitlement on meter (client_no, entitlement_id);
select scope_to_client('meter');
revoke delete on meter from concierge_client, concierge_system;

-- What one user used.
create index usage_of_user on usage (client_no, user_id, created_at);
