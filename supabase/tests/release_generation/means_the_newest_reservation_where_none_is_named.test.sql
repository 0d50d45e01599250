begin;
select plan(4);

select tests.create_type();
select tests.create_user() as user_id \gset
select tests.create_generation(:'user_id', 'reserved') as older \gset
select tests.create_generation(:'user_id', 'reserved') as newer \gset
select tests.create_generation(:'user_id', 'released');

select is(
  public.release_generation(:'user_id') ->> 'generation_id', :'newer'::text, 'of those that still stand the newest'
);
select is(public.release_generation(:'user_id') ->> 'generation_id', :'older'::text, 'then the one before it');
select is(tests.newest_event(:'user_id') ->> 'reason', 'released', 'where no reason is given it is: released');
select is(tests.credits(:'user_id'), 10, 'everything is back');

select * from finish();
rollback;
