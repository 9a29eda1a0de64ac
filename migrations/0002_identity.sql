-- Clients, their keys, their users and what proves who is asking.

create table client (
  client_no int generated always as identity primary key,
  client_id text collate "C" not null
    constraint client_id_key unique
    constraint client_id_shape check (client_id ~ '^[A-Za-z0-9_-]{1,32}$'),
  name text not null check (char_length(name) between 1 and 200),
  description text not null check (char_length(description) <= 2000),
  enabled boolean not null,
  v1_tokens text not null check (v1_tokens in ('header', 'exchange_once')),
  token_realm text not null check (token_realm in ('partner', 'demo', 'dialect')),
  members_may text not null check (members_may in ('read', 'own', 'manage')),
  time_zone text not null,
  reentry_url text,
  created_at timestamptz not null
);
select scope_to_client('client');
grant select on client to concierge_gate;
create policy gate_rows on client for select to concierge_gate using (true);

create table client_key (
  client_no int not null references client,
  key_id uuid not null,
  public_pem text not null,
  private_sealed bytea not null,
  bits int not null,
  created_at timestamptz not null,
  retires_at timestamptz,
  primary key (client_no, key_id)
);
select scope_to_client('client_key');
grant select on client_key to concierge_gate;
create policy gate_rows on client_key for select to concierge_gate using (true);

create table app_user (
  client_no int not null references client,
  user_id uuid not null,
  no bigint generated always as identity,
  realm text not null check (realm in ('partner', 'account', 'demo', 'dialect')),
  external_id text not null check (char_length(external_id) between 1 and 200),
  username text not null check (char_length(username) <= 200),
  role text not null check (role in ('member', 'manager')),
  enabled boolean not null,
  created_at timestamptz not null,
  primary key (client_no, user_id),
  constraint app_user_external_key unique (client_no, realm, external_id)
);
select scope_to_client('app_user');

create table login_session (
  client_no int not null,
  secret_hash bytea not null,
  user_id uuid not null,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  primary key (client_no, secret_hash),
  foreign key (client_no, user_id) references app_user on delete cascade
);
create index login_session_expiry on login_session (client_no, expires_at);
select scope_to_client('login_session');

-- Tokens that may be exchanged once, and were.
create table burnt_token (
  client_no int not null references client,
  token_hash bytea not null,
  burnt_at timestamptz not null,
  primary key (client_no, token_hash)
);
create index burnt_token_age on burnt_token (client_no, burnt_at);
select scope_to_client('burnt_token');

create table api_key (
  client_no int not null references client,
  api_key_id uuid not null,
  name text not null check (char_length(name) between 1 and 200),
  secret_hash bytea not null,
  scopes text[] not null,
  created_at timestamptz not null,
  revoked_at timestamptz,
  primary key (client_no, api_key_id),
  constraint api_key_secret_key unique (client_no, secret_hash)
);
select scope_to_client('api_key');

-- Every process drops what it remembers about credentials when one of these rows changes.
create function identity_changed() returns trigger
language plpgsql as $$
begin
  perform pg_notify('identity_changed', '');
  return null;
end $$;
create trigger identity_changed after update or delete on client
  for each statement execute function identity_changed();
create trigger identity_changed after insert or update or delete on client_key
  for each statement execute function identity_changed();
create trigger identity_changed after update of enabled, role, username or delete on app_user
  for each statement execute function identity_changed();
create trigger identity_changed after update or delete on login_session
  for each statement execute function identity_changed();
create trigger identity_changed after update or delete on api_key
  for each statement execute function identity_changed();
