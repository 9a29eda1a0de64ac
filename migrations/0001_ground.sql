-- The tenant wall, and what every table of a client repeats.
--
-- Roles (made by the server, never here: concurrent role changes fail):
--   concierge_owner   owns everything, runs migrations
--   concierge_client  sees the rows of one client, the one in app.client
--   concierge_system  sees the rows of all clients
--   concierge_gate    reads clients and keys, to find out who is asking

-- The client of this transaction. Raises when none is set: on a connection that was used before,
-- an unset setting reads as '', which would silently match nothing.
create function app_client() returns int
language plpgsql stable parallel safe as $$
declare
  value text := current_setting('app.client', true);
begin
  if value is null or value = '' then
    raise exception 'no client is set for this transaction' using errcode = 'insufficient_privilege';
  end if;
  return value::int;
end $$;

-- Puts a table behind the wall.
create function scope_to_client(target regclass) returns void
language plpgsql as $$
begin
  execute format('alter table %s enable row level security', target);
  execute format('alter table %s force row level security', target);
  execute format('create policy client_rows on %s to concierge_client
                  using (client_no = (select app_client()))
                  with check (client_no = (select app_client()))', target);
  execute format('create policy system_rows on %s to concierge_system using (true) with check (true)', target);
  execute format('grant select, insert, update, delete on %s to concierge_client, concierge_system', target);
end $$;

grant usage on schema public to concierge_client, concierge_system, concierge_gate;
