-- How many digits of an order's amounts stand behind the point: nobody can read wei.
alter table payment_order add column decimals int check (decimals between 0 and 36);
alter table payment_order no force row level security;
alter table chain_address no force row level security;
update payment_order set decimals = coalesce(
  (select address.decimals from chain_address address
   where address.client_no = payment_order.client_no and address.order_id = payment_order.order_id),
  case
    when currency in ('bif', 'clp', 'djf', 'gnf', 'jpy', 'kmf', 'krw', 'mga', 'pyg', 'rwf', 'ugx', 'vnd', 'vuv',
      'xaf', 'xof', 'xpf') then 0
    when currency in ('bhd', 'jod', 'kwd', 'omr', 'tnd') then 3
    else 2
  end);
alter table payment_order force row level security;
alter table chain_address force row level security;
alter table payment_order alter column decimals set not null;
