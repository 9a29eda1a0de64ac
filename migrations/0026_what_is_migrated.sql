-- `concierge check` tells which migrations are still to come.
grant select on _sqlx_migrations to concierge_system;
