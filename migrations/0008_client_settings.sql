-- What a client allows beside its own server: origins whose pages may call the API and frame the
-- chat page, and how much its callers may ask. Null = the server's own limit.

alter table client add column origins text[] not null default '{}'
  constraint client_origins_few check (cardinality(origins) <= 50);
alter table client add column requests_per_minute int
  constraint client_requests_some check (requests_per_minute > 0);
alter table client add column user_requests_per_minute int
  constraint client_user_requests_some check (user_requests_per_minute > 0);
