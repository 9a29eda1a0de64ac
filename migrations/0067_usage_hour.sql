-- What was used in each hour, added up from the rows of single answers.

create table usage_hour (
  client_no int not null references client,
  hour timestamptz not null,
  user_id uuid not null,
  model text collate "C" not null,
  answers int not null check (answers >= 0),
  input_tokens bigint not null check (input_tokens >= 0),
  cached_tokens bigint not null check (cached_tokens >= 0),
  output_tokens bigint not null check (output_tokens >= 0),
  -- micro-credits
  charged bigint not null check (charged >= 0),
  primary key (client_no, hour, user_id, model)
);
select scope_to_client('usage_hour');
revoke delete on usage_hour from concierge_client, concierge_system;

-- rows come in the order of time: a few bytes for many of them find those of an hour
create index usage_of_hour on usage using brin (created_at);
