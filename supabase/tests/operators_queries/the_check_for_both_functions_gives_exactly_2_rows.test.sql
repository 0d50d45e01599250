begin;
select plan(4);

create temporary table answer on commit drop as
SELECT routine_name, routine_type FROM information_schema.routines
WHERE routine_name IN ('deduct_credit_atomic', 'refund_credit_atomic');

select is(
  array(select routine_name || ' ' || routine_type from answer order by 1),
  array['deduct_credit_atomic FUNCTION', 'refund_credit_atomic FUNCTION'],
  'both, once each'
);
select has_function('public', 'deduct_credit_atomic', array['uuid', 'integer'], 'with the signature that apps call');
select has_function('public', 'refund_credit_atomic', array['uuid'], 'and so the other');
select is(
  array(
    select array_to_string(proargnames, ', ')
    from pg_proc
    where proname in ('deduct_credit_atomic', 'refund_credit_atomic')
    order by proname
  ),
  array['p_user_id, p_rate_limit_seconds', 'p_user_id'],
  'and the names of the arguments, by which PostgREST calls'
);

select * from finish();
rollback;
