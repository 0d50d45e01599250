begin;
select plan(1);

select tests.create_type();

create function pg_temp.refusal(p_change text)
returns text
language plpgsql
as $$
declare
  v_constraint text;
begin
  execute format('update public.generation_types set %s where slug = ''test''', p_change);
  return 'allowed';
exception
  when check_violation or unique_violation then
    get stacked diagnostics v_constraint = constraint_name;
    return v_constraint;
end;
$$;

select results_eq(
  $$select pg_temp.refusal(change)
  from unnest(array[
    'slug = ''Not a slug''', 'cost = 0', 'cost = -1', 'cost = 1000001', 'rate_limit_seconds = -1',
    'rate_limit_seconds = 86401', 'timeout_seconds = 0', 'timeout_seconds = 86401', 'reservation_seconds = 0',
    'slug = ''image''', 'provider = ''Not a name''', 'provider = ''''', 'provider_options = ''[]''',
    'provider_options = ''null'''
  ]) with ordinality c (change, n)
  order by n$$,
  array[
    'slug_is_a_name', 'cost_is_positive', 'cost_is_positive', 'cost_is_positive', 'rate_limit_not_negative',
    'rate_limit_not_negative', 'timeout_is_positive', 'timeout_is_positive', 'reservation_is_positive',
    'generation_types_pkey', 'provider_is_a_name', 'provider_is_a_name', 'provider_options_is_an_object',
    'provider_options_is_an_object'
  ],
  'each by the check that names it'
);

select * from finish();
rollback;
