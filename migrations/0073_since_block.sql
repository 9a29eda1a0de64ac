-- Where a chain was read from when an address was given out: nothing arrives there in a block before.
-- Of addresses that were given out earlier it is not known.
alter table chain_address add column since_block bigint check (since_block >= 0);
