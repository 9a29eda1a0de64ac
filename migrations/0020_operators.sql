-- Operators of the console, how they sign in, and what they did. These tables belong to no client;
-- they are reached in a role of their own, concierge_admin, which in turn reads no row of a client.

grant usage on schema public to concierge_admin;

create table operator (
  operator_id uuid primary key,
  name text collate "C" not null
    constraint operator_name_key unique
    constraint operator_name_shape check (name ~ '^[a-z0-9._@-]{1,64}$'),
  role text not null check (role in ('admin', 'finance', 'knowledge', 'read_only')),
  enabled boolean not null,
  -- Argon2id, with its parameters; null until the first link was used
  password_hash text,
  totp_sealed bytea,
  -- the last time step whose code counted: a code counts once
  totp_step bigint not null default 0,
  created_at timestamptz not null
);
grant select, insert, update on operator to concierge_admin;

-- Links that open the set-up once.
create table operator_link (
  code_hash bytea primary key,
  operator_id uuid not null references operator,
  totp_sealed bytea not null,
  created_at timestamptz not null,
  expires_at timestamptz not null
);
create index operator_link_of_operator on operator_link (operator_id);
grant select, insert, update, delete on operator_link to concierge_admin;

create table operator_session (
  secret_hash bytea primary key,
  operator_id uuid not null references operator,
  address text not null,
  created_at timestamptz not null,
  seen_at timestamptz not null,
  expires_at timestamptz not null
);
create index operator_session_of_operator on operator_session (operator_id);
grant select, insert, update, delete on operator_session to concierge_admin;

-- Where an operator signed in from: failures of others do not lock these addresses out.
create table operator_place (
  operator_id uuid not null references operator,
  address text not null,
  seen_at timestamptz not null,
  primary key (operator_id, address)
);
grant select, insert, update, delete on operator_place to concierge_admin;

-- Tries to sign in that have not succeeded.
create table operator_try (
  try_id uuid primary key,
  name text not null,
  address text not null,
  at timestamptz not null
);
create index operator_try_at on operator_try (at);
grant select, insert, delete on operator_try to concierge_admin;

-- What operators did. Added to and read, by grant; a trigger refuses the rest to whoever has more.
create table operator_event (
  event_id uuid primary key,
  at timestamptz not null,
  operator_id uuid,
  operator text not null check (char_length(operator) <= 64),
  act text not null check (char_length(act) between 1 and 64),
  client_id text check (char_length(client_id) <= 32),
  subject text check (char_length(subject) <= 200),
  detail text check (char_length(detail) <= 2000),
  address text not null
);
create index operator_event_order on operator_event (at, event_id);
grant select, insert on operator_event to concierge_admin;

create function operator_event_stays() returns trigger
language plpgsql as $$
begin
  raise exception 'what operators did is never changed' using errcode = 'insufficient_privilege';
end $$;
create trigger operator_event_stays before update or delete or truncate on operator_event
  for each statement execute function operator_event_stays();
