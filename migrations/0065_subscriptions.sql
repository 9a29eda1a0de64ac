-- What is paid by the month, and the fees that came of it.

create table subscription (
  client_no int not null,
  subscription_id uuid not null,
  -- the user who pays; the nil id: the client itself
  owner_id uuid not null,
  plan_id uuid not null,
  -- where the client is: each period begins on the same day of a month as the first one
  first_day date not null,
  next_no int not null check (next_no >= 0),
  -- when there is something to do: a period begins, or a fee is tried again
  due_at timestamptz not null,
  -- why the last try came to nothing
  problem text check (char_length(problem) between 1 and 500),
  started_at timestamptz not null,
  ended_at timestamptz,
  primary key (client_no, subscription_id),
  foreign key (client_no, plan_id) references plan
);
create unique index subscription_once on subscription (client_no, owner_id, plan_id) where ended_at is null;
create index subscription_due on subscription (due_at) where ended_at is null;
create index subscription_by_time on subscription (client_no, started_at, subscription_id);
create index subscription_of_plan on subscription (client_no, plan_id);
select scope_to_client('subscription');
revoke delete on subscription from concierge_client, concierge_system;

-- One for each period: that is the shape which keeps anybody from paying twice.
create table fee (
  client_no int not null,
  owner_id uuid not null,
  plan_id uuid not null,
  -- the day on which it begins
  period date not null,
  subscription_id uuid not null,
  amount bigint not null check (amount > 0),
  state text not null check (state in ('paid', 'unpaid')),
  tries int not null check (tries >= 0),
  -- the moment at which the period began
  due_at timestamptz not null,
  made_at timestamptz not null,
  paid_at timestamptz,
  primary key (client_no, owner_id, plan_id, period),
  constraint fee_paid check ((state = 'paid') = (paid_at is not null)),
  foreign key (client_no, subscription_id) references subscription
);
create index fee_of_subscription on fee (client_no, subscription_id, period);
create index fee_by_period on fee (period);
select scope_to_client('fee');
revoke delete on fee from concierge_client, concierge_system;
