-- A buyer's orders on chains are counted before one more gets an address.
create index payment_order_of_buyer on payment_order (client_no, buyer_id) where provider = 'chain';
