-- What the console shows and does with keys.

alter table client_key add column killed_at timestamptz;
alter table client_key add column last_used_at timestamptz;
alter table api_key add column last_used_at timestamptz;
alter table app_user add column last_seen_at timestamptz;
create index app_user_order on app_user (client_no, created_at, user_id);

-- That something was used changes nothing of what processes remember.
drop trigger identity_changed on client_key;
create trigger identity_changed
  after insert or delete or update of public_pem, private_sealed, retires_at, killed_at on client_key
  for each statement execute function identity_changed();
drop trigger identity_changed on api_key;
create trigger identity_changed
  after delete or update of secret_hash, scopes, revoked_at on api_key
  for each statement execute function identity_changed();
