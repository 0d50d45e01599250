begin;
select plan(2);

select tests.create_user() as user_id \gset

select is(
  public.get_generations(:'user_id') - 'epoch',
  '{"success": true, "credits": 10, "version": 1, "generations": [], "next_before": null}',
  'not null'
);
select is(public.get_generations(gen_random_uuid()) ->> 'error', 'PROFILE_NOT_FOUND', 'an unknown user is refused');

select * from finish();
rollback;
