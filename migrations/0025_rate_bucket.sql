-- What clients, users and addresses have left to ask, shared by all processes. Unlogged: after a crash
-- of the database every bucket is full again. Keys are made by the server ("c7", "u7:uuid",
-- "a192.0.2.1"), rows go an hour after their last use.

create unlogged table rate_bucket (
  bucket text collate "C" primary key check (char_length(bucket) <= 100),
  -- below zero: what was let in before it was counted
  tokens double precision not null,
  filled_at timestamptz not null
);
grant select, insert, update, delete on rate_bucket to concierge_system;

-- Zero is no limit, null is the server's own.
alter table client drop constraint client_requests_some;
alter table client add constraint client_requests_some check (requests_per_minute >= 0);
alter table client drop constraint client_user_requests_some;
alter table client add constraint client_user_requests_some check (user_requests_per_minute >= 0);

-- The pages that may ask before anybody has said who they are: few clients list any.
create index client_with_origins on client (client_no) where enabled and origins <> '{}';
