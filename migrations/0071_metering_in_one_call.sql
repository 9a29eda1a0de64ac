-- Metering by two calls, one before an answer and one after it: an answer waits for both, and each
-- statement of their own that they were made of cost it a round trip. The rules of what is paid by
-- what are below; amounts are micro-credits, rates are per million tokens, per page and per picture.

-- What amounts cost, in millionths of a micro-credit, since only the whole is rounded; null when
-- something of it has no price.
create function price_millionths(
  rates price, input bigint, cached bigint, output bigint, embedding bigint, pages bigint, images bigint
) returns numeric
language sql immutable as $$
  select case when input > least(cached, input) then (input - least(cached, input))::numeric * rates.input else 0 end
    + case when least(cached, input) > 0 then least(cached, input)::numeric * coalesce(rates.cached_input, rates.input) else 0 end
    + case when output > 0 then output::numeric * rates.output else 0 end
    + case when embedding > 0 then embedding::numeric * rates.embedding else 0 end
    + case when pages > 0 then pages::numeric * rates.page * 1000000 else 0 end
    + case when images > 0 then images::numeric * rates.image * 1000000 else 0 end
$$;

-- Whole micro-credits, rounded up once, and no more than are moved at once; null stays null.
create function price_rounded(millionths numeric) returns bigint
language sql immutable as $$
  select case when millionths > 1e21 then 1000000000000000 else ceil(millionths * 0.000001)::bigint end
$$;

-- The accounts of a wallet, made when it is not there yet and locked until the transaction ends:
-- every verb that moves credits of a wallet begins here.
create function wallet_lock(
  p_client int, p_owner uuid, p_at timestamptz, out wallet_no bigint, out held_no bigint, out balance bigint
)
language plpgsql as $$
begin
  for attempt in 1..2 loop
    select wallet.account_no, held.account_no, wallet.balance
    into wallet_lock.wallet_no, wallet_lock.held_no, wallet_lock.balance
    from account wallet
    join account held on held.client_no = p_client and held.owner_id = p_owner and held.kind = 'held'
    where wallet.client_no = p_client and wallet.owner_id = p_owner and wallet.kind = 'wallet'
    for update of wallet;
    exit when found;
    -- and what its credits go to when they are spent: whoever settles finds it there
    insert into account (client_no, kind, owner_id, balance, created_at)
    values (p_client, 'wallet', p_owner, 0, p_at), (p_client, 'held', p_owner, 0, p_at),
      (p_client, 'revenue', '00000000-0000-0000-0000-000000000000', null, p_at)
    on conflict on constraint account_once do nothing;
  end loop;
end $$;

-- Sets aside what is going to be used: a free use of the day, else a pass, else a use of a pack, else
-- credits, as much as it may cost and no more than may be spent. Rows are locked in one order, here
-- and in meter_settle: what the user used, the wallet, packs, what the client used.
-- verdict: off (nobody pays), opened; or why nothing was set aside: unpriced, day, month (the user's
-- quota), budget, balance. Whoever reads anything but off and opened rolls the transaction back.
create function meter_open(
  p_client int, p_meter uuid, p_subject uuid,
  -- the user; the nil id: a program of the client
  p_owner uuid,
  p_kind text, p_model text,
  p_input bigint, p_cached bigint, p_embedding bigint, p_pages bigint, p_images bigint,
  p_output_max bigint,
  p_transfer uuid, p_at timestamptz,
  out verdict text, out source text, out held bigint, out output_max bigint,
  -- what is missing: micro-credits needed at the least, those that are there, whose they would be
  out needed bigint, out there bigint, out payer uuid,
  -- when a quota starts anew
  out ends_at timestamptz
)
language plpgsql as $$
declare
  nobody constant uuid := '00000000-0000-0000-0000-000000000000';
  -- tokens that an answer may be cut down to when more cannot be paid for
  output_min constant bigint := 256;
  is_answer constant boolean := p_kind = 'answer';
  is_user constant boolean := p_owner <> nobody;
  uses_now constant int := (p_kind = 'answer')::int;
  terms billing_settings;
  zone text;
  rates price;
  this_day date;
  this_month date;
  free_used int;
  day_spent bigint := 0;
  month_spent bigint := 0;
  client_spent bigint := 0;
  wallet record;
  entitled uuid;
  entitled_kind text;
  fixed numeric;
  least_there bigint;
  wallet_after bigint;
  held_after bigint;
begin
  select s.* into terms from billing_settings s where s.client_no = p_client and s.payer <> 'off';
  if not found then
    verdict := 'off';
    return;
  end if;
  select time_zone into zone from client where client_no = p_client;
  this_day := (p_at at time zone zone)::date;
  this_month := date_trunc('month', p_at at time zone zone)::date;
  select * into rates from price
  where client_no = p_client and model = p_model and valid_from <= p_at
  order by valid_from desc
  limit 1;
  if not found or is_answer and rates.output is null or price_millionths(
    rates, uses_now, p_cached, uses_now, p_embedding, p_pages, p_images) is null
  then
    verdict := 'unpriced';
    return;
  end if;

  -- a use is counted first: the sums of the user are locked from here on
  if is_user then
    insert into tally (client_no, owner_id, period, begins, uses, free_uses, credits)
    select p_client, p_owner, 'day', this_day, uses_now, 0, 0
    where terms.user_uses_per_day is null or uses_now <= terms.user_uses_per_day
    on conflict (client_no, owner_id, period, begins) do update set uses = tally.uses + uses_now
    where uses_now = 0 or terms.user_uses_per_day is null or tally.uses + uses_now <= terms.user_uses_per_day
    returning free_uses, credits into free_used, day_spent;
    if not found then
      verdict := 'day';
      ends_at := (this_day + 1)::timestamp at time zone zone;
      return;
    end if;
    insert into tally (client_no, owner_id, period, begins, uses, free_uses, credits)
    select p_client, p_owner, 'month', this_month, uses_now, 0, 0
    where terms.user_uses_per_month is null or uses_now <= terms.user_uses_per_month
    on conflict (client_no, owner_id, period, begins) do update set uses = tally.uses + uses_now
    where uses_now = 0 or terms.user_uses_per_month is null or tally.uses + uses_now <= terms.user_uses_per_month
    returning credits into month_spent;
    if not found then
      verdict := 'month';
      ends_at := (this_month + interval '1 month') at time zone zone;
      return;
    end if;
  end if;

  held := 0;
  output_max := p_output_max;
  payer := case terms.payer when 'user' then p_owner else nobody end;
  if is_answer and is_user and free_used < terms.free_uses_per_day then
    source := 'allowance';
    update tally set free_uses = free_uses + 1
    where client_no = p_client and owner_id = p_owner and period = 'day' and begins = this_day;
  else
    wallet := wallet_lock(p_client, payer, p_at);
    if is_answer then
      -- a statement of its own, behind the lock: it sees what was bought while that was waited for
      select entitlement_id, kind into entitled, entitled_kind from entitlement
      where client_no = p_client and owner_id = payer and revoked_at is null and starts_at <= p_at
        and (entitlement.ends_at is null or entitlement.ends_at > p_at) and (uses is null or used < uses)
      order by (kind = 'uses'), created_at, entitlement_id
      limit 1;
    end if;
    source := case entitled_kind when 'pass' then 'pass' when 'uses' then 'pack' else 'credit' end;
    if source = 'pack' then
      update entitlement set used = used + 1 where client_no = p_client and entitlement_id = entitled;
    end if;
  end if;

  if source = 'credit' then
    if terms.budget_per_month is not null then
      insert into tally (client_no, owner_id, period, begins, uses, free_uses, credits)
      values (p_client, nobody, 'month', this_month, 0, 0, 0)
      on conflict (client_no, owner_id, period, begins) do update set credits = tally.credits
      returning credits into client_spent;
    end if;
    there := wallet.balance;
    least_there := least(there, terms.user_credits_per_day - day_spent,
      terms.user_credits_per_month - month_spent, terms.budget_per_month - client_spent);
    -- a quarter more input than our own count: vendors cut texts in their own way
    fixed := price_millionths(
      rates, p_input + (p_input + 3) / 4, p_cached, 0, p_embedding, p_pages, p_images);
    held := price_rounded(fixed + p_output_max * coalesce(rates.output, 0));
    if held is null or held > least_there then
      needed := coalesce(
        price_rounded(fixed + least(p_output_max, output_min) * coalesce(rates.output, 0)), 1000000000000000);
      if needed > least_there or p_output_max = 0 then
        verdict := case
          when needed > terms.user_credits_per_day - day_spent then 'day'
          when needed > terms.user_credits_per_month - month_spent then 'month'
          when needed > terms.budget_per_month - client_spent then 'budget'
          else 'balance' end;
        ends_at := case verdict
          when 'day' then (this_day + 1)::timestamp at time zone zone
          when 'month' then (this_month + interval '1 month') at time zone zone end;
        return;
      end if;
      -- an answer that is no longer than the credits last
      output_max := least(p_output_max, div(least_there * 1000000::numeric - fixed, rates.output));
      held := price_rounded(fixed + output_max * rates.output);
    end if;
  end if;

  insert into meter (client_no, meter_id, owner_id, kind, price_id, source, entitlement_id, state,
    held, charged, day, month, opened_at, subject)
  values (p_client, p_meter, p_owner, p_kind, rates.price_id, source, entitled, 'open',
    held, 0, this_day, this_month, p_at, p_subject);
  verdict := 'opened';
  -- what costs nothing moves nothing
  if held = 0 then
    return;
  end if;
  if is_user then
    update tally set credits = credits + held
    where client_no = p_client and owner_id = p_owner and period = 'day' and begins = this_day;
    update tally set credits = credits + held
    where client_no = p_client and owner_id = p_owner and period = 'month' and begins = this_month;
  end if;
  update account set balance = account.balance - held
  where client_no = p_client and account_no = wallet.wallet_no
  returning account.balance into wallet_after;
  update account set balance = account.balance + held
  where client_no = p_client and account_no = wallet.held_no
  returning account.balance into held_after;
  insert into hold (client_no, hold_id, wallet_no, held_no, amount, state, created_at)
  values (p_client, p_meter, wallet.wallet_no, wallet.held_no, held, 'open', p_at);
  insert into transfer (client_no, transfer_id, kind, debit_no, credit_no, amount,
    debit_after, credit_after, key, subject, note, at)
  values (p_client, p_transfer, 'hold', wallet.wallet_no, wallet.held_no, held,
    wallet_after, held_after, 'hold ' || p_meter, p_meter, '', p_at);
  if terms.budget_per_month is not null then
    update tally set credits = credits + held
    where client_no = p_client and owner_id = nobody and period = 'month' and begins = this_month;
  end if;
end $$;

-- Charges what was used, at the prices of when it was opened, and gives the rest back; what was not
-- delivered is given back whole. No source when this was not metered, or was settled before.
create function meter_settle(
  p_client int, p_meter uuid, p_delivered boolean,
  p_input bigint, p_cached bigint, p_output bigint, p_embedding bigint, p_pages bigint, p_images bigint,
  p_charge uuid, p_release uuid, p_at timestamptz,
  out source text, out charged bigint
)
language plpgsql as $$
declare
  nobody constant uuid := '00000000-0000-0000-0000-000000000000';
  ended record;
  held_by record;
  uses_back int;
  free_back int;
  rest bigint;
  wallet_after bigint;
  held_after bigint;
begin
  -- whoever ends it does so alone
  update meter set state = case when p_delivered then 'settled' else 'released' end,
    charged = case when p_delivered then least(meter.held, coalesce(price_rounded(price_millionths(
      price, p_input, p_cached, p_output, p_embedding, p_pages, p_images)), 0)) else 0 end,
    input_tokens = p_input, cached_tokens = p_cached, output_tokens = p_output,
    embedding_tokens = p_embedding, pages = p_pages, images = p_images, ended_at = p_at
  from price
  where meter.client_no = p_client and meter_id = p_meter and state = 'open'
    and price.client_no = p_client and price.price_id = meter.price_id
  returning owner_id, kind, meter.source, entitlement_id, held, meter.charged, day, month into ended;
  if not found then
    return;
  end if;
  source := ended.source;
  charged := ended.charged;
  rest := ended.held - charged;
  uses_back := (not p_delivered and ended.kind = 'answer')::int;
  free_back := (not p_delivered and source = 'allowance')::int;
  if ended.owner_id <> nobody and (rest > 0 or uses_back > 0) then
    update tally set uses = greatest(uses - uses_back, 0), free_uses = greatest(free_uses - free_back, 0),
      credits = greatest(credits - rest, 0)
    where client_no = p_client and owner_id = ended.owner_id and period = 'day' and begins = ended.day;
    update tally set uses = greatest(uses - uses_back, 0), credits = greatest(credits - rest, 0)
    where client_no = p_client and owner_id = ended.owner_id and period = 'month' and begins = ended.month;
  end if;
  if source = 'pack' and not p_delivered then
    update entitlement set used = used - 1
    where client_no = p_client and entitlement_id = ended.entitlement_id;
  end if;
  if ended.held = 0 then
    return;
  end if;

  update hold set state = case when charged > 0 then 'settled' else 'released' end, ended_at = p_at
  where client_no = p_client and hold_id = p_meter and state = 'open' and amount = ended.held
  returning wallet_no, held_no into held_by;
  if not found then
    raise exception 'the hold of % is not what its meter says', p_meter;
  end if;
  -- the wallet is the first lock and the budget the last, as everywhere
  update account set balance = account.balance + rest
  where client_no = p_client and account_no = held_by.wallet_no
  returning account.balance into wallet_after;
  update account set balance = account.balance - ended.held
  where client_no = p_client and account_no = held_by.held_no
  returning account.balance into held_after;
  -- what is charged goes to the client's revenue, and then the rest to the wallet
  insert into transfer (client_no, transfer_id, kind, debit_no, credit_no, amount,
    debit_after, credit_after, key, subject, note, at)
  select p_client, id, part.kind, held_by.held_no, part.credit_no, part.amount,
    part.debit_after, part.credit_after, part.kind || ' ' || p_meter, p_meter, '', p_at
  from (values
    (p_charge, 'charge', (select account_no from account
       where client_no = p_client and owner_id = nobody and kind = 'revenue'),
     charged, held_after + rest, null::bigint),
    (p_release, 'release', held_by.wallet_no, rest, held_after, wallet_after)
  ) part (id, kind, credit_no, amount, debit_after, credit_after)
  where part.amount > 0;
  if rest > 0 then
    update tally set credits = greatest(credits - rest, 0)
    where client_no = p_client and owner_id = nobody and period = 'month' and begins = ended.month;
  end if;
end $$;

-- What somebody can still use, however much they used up before.
create index entitlement_usable on entitlement (client_no, owner_id, created_at)
where revoked_at is null and (uses is null or used < uses);
