begin;
select plan(3);

-- As the owner of the table, past the functions.
select tests.create_type();
select tests.create_user() as user_id \gset
select public.grant_credits(:'user_id', 50, 'test');
create temporary table scene on commit drop as
select status, tests.create_generation(:'user_id', status) as id
from unnest(array['completed', 'released', 'expired', 'processing', 'failed', 'reserved']) status;

-- What an illegal state is refused by, as a pattern: some break more than one check.
create temporary table illegal (of_status text, change text, refused_by text) on commit drop;
insert into illegal values
  ('completed', 'cost = -1, refunded = -1', 'refund_not_above_cost'),
  ('completed', 'refunded = 4, refunded_at = now()', 'refund_not_above_cost'),
  ('completed', 'refunded = -1', 'refund_not_above_cost'),
  ('completed', 'refunded_at = now()', 'refunded_at_matches_status'),
  ('completed', 'refunded = 2', 'refunded_at_matches_status'),
  ('failed', 'refunded_at = null', 'refunded_at_matches_status'),
  ('released', 'refunded_at = null', 'refunded_at_matches_status'),
  ('expired', 'refunded_at = null', 'refunded_at_matches_status'),
  ('reserved', 'refunded_at = now()', 'refunded_at_matches_status'),
  ('processing', 'refunded_at = now()', 'refunded_at_matches_status'),
  ('reserved', 'refunded = 3, refunded_at = now()', 'refunded(_at)?_matches_status'),
  ('processing', 'refunded = 1, refunded_at = now()', 'refunded(_at)?_matches_status'),
  ('released', 'refunded = 2', 'refunded_matches_status'),
  ('expired', 'refunded = 2', 'refunded_matches_status'),
  ('completed', 'finished_at = null', 'finished_at_matches_status'),
  ('processing', 'finished_at = now()', 'finished_at_matches_status'),
  ('processing', 'deadline_at = null', 'processing_has_a_deadline'),
  (
    'completed',
    'version = (select j.version from public.generation_jobs j join scene using (id) where scene.status = ''failed'')',
    'generation_jobs_of_user'
  );

create function pg_temp.refusal(p_status text, p_change text)
returns text
language plpgsql
as $$
declare
  v_constraint text;
begin
  execute format(
    'update public.generation_jobs set %s where id = %L', p_change, (select id from scene where status = p_status)
  );
  return 'allowed';
exception
  when check_violation or foreign_key_violation or unique_violation then
    get stacked diagnostics v_constraint = constraint_name;
    return v_constraint;
  when not_null_violation or invalid_text_representation then
    return sqlstate;
end;
$$;

select is_empty(
  $$select of_status, change, refused_by, refusal
  from (select *, pg_temp.refusal(of_status, change) as refusal from illegal) i
  where refusal !~ ('^(' || refused_by || ')$')$$,
  'each illegal state is refused by the check that names it'
);
select isnt(
  pg_temp.refusal('completed', 'status = ''lost'''), 'allowed', 'there is no status but those of the state machine'
);
select isnt(pg_temp.refusal('completed', 'user_id = null'), 'allowed', 'there is no generation without a user');

select * from finish();
rollback;
