-- Until when more of what went back is asked of the wallet: some of it is set aside for answers that
-- are being written.
alter table payment_order add column back_due timestamptz;
grant update (back_due) on payment_order to concierge_client;
create index payment_order_back_due on payment_order (back_due) where back_due is not null;

-- Of what went back, the payment that it is of.
alter table outside_fact add column payment text collate "C" check (octet_length(payment) between 1 and 255);
