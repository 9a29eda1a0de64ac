-- What can be bought, and what was: plans, and the packs of uses and passes that people own.

-- A changed plan is a new row: what was bought stays readable as it was offered.
create table plan (
  client_no int not null references client,
  plan_id uuid not null,
  name text not null check (char_length(name) between 1 and 100),
  kind text not null check (kind in ('credit', 'uses', 'pass', 'monthly')),
  -- micro-credits: of kind credit what one gets, of the others what it costs; null: not for credits
  credits bigint check (credits > 0),
  -- what an order costs, in the smallest unit of the currency; null: only for credits
  price_minor bigint check (price_minor > 0),
  currency text collate "C" check (currency ~ '^[A-Z]{3,8}$'),
  uses int check (uses between 1 and 1000000),
  pass_unit text check (pass_unit in ('day', 'month', 'quarter', 'year')),
  pass_count int check (pass_count between 1 and 366),
  enabled boolean not null,
  -- the plan that this one stands in the place of
  replaces uuid,
  created_at timestamptz not null,
  primary key (client_no, plan_id),
  constraint plan_replaced_once unique (client_no, replaces),
  constraint plan_price_whole check ((price_minor is null) = (currency is null)),
  constraint plan_uses check ((kind = 'uses') = (uses is not null)),
  constraint plan_pass check ((kind = 'pass') = (pass_unit is not null) and (kind = 'pass') = (pass_count is not null)),
  constraint plan_costs check (case kind
    when 'credit' then credits is not null and price_minor is not null
    when 'monthly' then credits is not null and price_minor is null
    else credits is not null or price_minor is not null end),
  foreign key (client_no, replaces) references plan
);
create unique index plan_name_key on plan (client_no, name) where enabled;
select scope_to_client('plan');
revoke delete on plan from concierge_client, concierge_system;

create function plan_stays() returns trigger
language plpgsql as $$
begin
  raise exception 'only the offer of a plan ends: offer another one' using errcode = 'insufficient_privilege';
end $$;
create trigger plan_stays before update on plan
  for each row when ((to_jsonb(old) - 'enabled') is distinct from (to_jsonb(new) - 'enabled'))
  execute function plan_stays();

-- A pack of uses or a pass that somebody owns. No name of a person is in here.
create table entitlement (
  client_no int not null,
  entitlement_id uuid not null,
  -- the user whose it is; the nil id: the client's own, for all of its users
  owner_id uuid not null,
  plan_id uuid not null,
  kind text not null check (kind in ('uses', 'pass')),
  -- names the deed that gave it: asked for twice, it is given once
  key text collate "C" not null check (octet_length(key) between 1 and 200),
  uses int,
  used int not null check (used >= 0),
  starts_at timestamptz not null,
  -- null: it does not run out
  ends_at timestamptz,
  revoked_at timestamptz,
  created_at timestamptz not null,
  primary key (client_no, entitlement_id),
  constraint entitlement_once unique (client_no, key),
  constraint entitlement_kind check ((kind = 'uses') = (uses is not null) and (kind = 'pass') = (ends_at is not null)),
  constraint entitlement_never_overdrawn check (used <= uses),
  constraint entitlement_lasts check (ends_at > starts_at),
  foreign key (client_no, plan_id) references plan
);
create index entitlement_of_owner on entitlement (client_no, owner_id, created_at, entitlement_id);
create index entitlement_of_plan on entitlement (client_no, plan_id);
select scope_to_client('entitlement');
revoke delete on entitlement from concierge_client, concierge_system;
