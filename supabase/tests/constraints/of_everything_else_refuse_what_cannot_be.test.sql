begin;
select plan(5);

select tests.create_type();
select tests.create_user() as user_id \gset

create function pg_temp.refusal(p_statement text)
returns text
language plpgsql
as $$
declare
  v_constraint text;
begin
  execute p_statement;
  return 'allowed';
exception
  when check_violation or foreign_key_violation or unique_violation then
    get stacked diagnostics v_constraint = constraint_name;
    return v_constraint;
end;
$$;

select is(
  array[
    pg_temp.refusal('insert into private.settings default values'),
    pg_temp.refusal('insert into private.settings (singleton) values (false)'),
    pg_temp.refusal('update private.settings set epoch = 0'),
    pg_temp.refusal('update private.settings set signup_credits = -1'),
    pg_temp.refusal('update private.settings set anonymous_signup_credits = -1'),
    pg_temp.refusal('update private.settings set direct_writes = ''ignore''')
  ],
  array[
    'settings_pkey', 'settings_is_one_row', 'epoch_is_positive', 'signup_credits_not_negative',
    'anonymous_signup_credits_not_negative', 'direct_writes_is_valid'
  ],
  'settings'
);
select is(
  array[
    pg_temp.refusal('insert into public.topics values (''account'')'),
    pg_temp.refusal('insert into public.topics values (''Not a topic'')'),
    pg_temp.refusal('insert into public.topics values (''test'', ''everybody'')')
  ],
  array['name_is_a_topic', 'name_is_a_topic', 'audience_is_valid'],
  'topics'
);
select is(
  pg_temp.refusal(
    format($$insert into private.idempotency_keys values (%L, 'reserve', 'not a key', '', '{}')$$, :'user_id')
  ),
  'key_is_well_formed', 'idempotency keys'
);
select is(
  pg_temp.refusal(
    format('insert into public.generation_results values (gen_random_uuid(), %L, ''{}'')', :'user_id')
  ),
  'result_belongs_to_a_generation', 'results of nothing'
);
select is(
  array[
    pg_temp.refusal(
      'insert into private.sweep_runs (started_at, finished_at, batches, expired, refunded, failed)
      values (now(), now() - interval ''1 second'', 1, 0, 0, 0)'
    ),
    pg_temp.refusal('insert into private.sweep_totals default values'),
    pg_temp.refusal('insert into private.sweep_totals (singleton) values (false)')
  ],
  array['finished_after_it_started', 'sweep_totals_pkey', 'sweep_totals_is_one_row'],
  'runs of the sweeper'
);

select * from finish();
rollback;
