-- Requests to Stripe are frozen with the version of its API that they are made in: made again by a
-- newer server, they are still the same. Those that are there were made in the one version before.

alter table payment_call
  add column version text not null default '2025-03-31.basil' check (octet_length(version) between 1 and 50);
alter table payment_call alter column version drop default;
