begin;
select plan(2);

select tests.create_user() as user_id \gset

create function pg_temp.refusal(
  p_user_id uuid, p_version bigint, p_type text, p_delta integer, p_balance integer, p_generation_id uuid default null
)
returns text
language plpgsql
as $$
declare
  v_constraint text;
begin
  execute format(
    'insert into public.account_events (user_id, version, type, delta, balance, reason, actor, generation_id, created_at)
    values (%L, %L, %L, %L, %L, ''test'', ''test'', %L, now())',
    p_user_id, p_version, p_type, p_delta, p_balance, p_generation_id
  );
  return 'allowed';
exception
  when check_violation or foreign_key_violation or unique_violation then
    get stacked diagnostics v_constraint = constraint_name;
    return v_constraint;
  when invalid_text_representation then
    return sqlstate;
end;
$$;

select is(pg_temp.refusal(:'user_id', 1, 'account.opened', 5, 5), 'account_events_pkey', 'one event per version');
select isnt(pg_temp.refusal(:'user_id', 2, 'credit.stolen', 5, 5), 'allowed', 'a type that there is not');
select * from finish();
rollback;
