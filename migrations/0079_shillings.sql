-- Stripe counts Ugandan shillings in hundredths, as it counts krónur: its list of currencies without
-- decimals names them, and its special cases take them out again.
alter table payment_order no force row level security;
update payment_order set decimals = 2 where provider = 'stripe' and currency = 'ugx';
alter table payment_order force row level security;
