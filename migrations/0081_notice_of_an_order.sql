-- A notice that an order ended without its money: of a moment, and once for each order.
alter table notice
  add column order_id uuid,
  alter column amount drop not null,
  alter column threshold drop not null,
  drop constraint notice_kind_check,
  add constraint notice_kind_check check (kind in ('low_balance', 'fee_unpaid', 'order_expired', 'order_cancelled')),
  add constraint notice_subject check (
    case when kind in ('order_expired', 'order_cancelled')
      then order_id is not null and amount is null and threshold is null and ended_at is not null
      else order_id is null and amount is not null and threshold is not null
    end),
  add foreign key (client_no, order_id) references payment_order;
create unique index notice_of_order on notice (client_no, order_id);
