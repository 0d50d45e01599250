begin;
select plan(3);

select tests.create_type();
select tests.create_user() as user_id \gset
select tests.create_generation(:'user_id', 'completed') as generation_id \gset
delete from auth.users where id = :'user_id';
select tests.known(:'user_id') as known \gset

select is(
  array[
    public.get_account(:'user_id', :'known'), public.get_account_history(:'user_id', p_known => :'known'),
    public.get_generations(:'user_id', p_known => :'known'),
    public.get_generation(:'user_id', :'generation_id', :'known')
  ],
  array_fill(
    '{"success": false, "error": "PROFILE_NOT_FOUND", "message": "This user has no account here, or it was closed"}'::jsonb,
    array[4]
  ),
  'a closed account is not unchanged'
);
select tests.create_user() as other_id \gset
select is(
  public.get_generation(:'other_id', :'generation_id', 'nothing') ->> 'error', 'GENERATION_NOT_FOUND',
  'nor is another''s generation shown'
);
select ok(
  not public.get_generation(:'other_id', :'generation_id', tests.known(:'other_id')) ? 'input',
  'and who knows the own version is not told of it either'
);

select * from finish();
rollback;
