begin;
select plan(2);

select tests.create_type('test', 1);
select tests.create_user() as user_id \gset
select tests.create_generation(:'user_id', 'processing');
select tests.create_generation(:'user_id', 'completed');
select tests.account(:'user_id') as before \gset

select is(
  public.release_generation(:'user_id') - 'epoch',
  '{"success": false, "error": "NOTHING_TO_REFUND", "message": "There is no reservation to give back",
    "credits": 8, "version": 4}',
  'what is being worked on, or done, is none'
);
select is(tests.account(:'user_id'), :'before', 'a refusal changes nothing');

select * from finish();
rollback;
