begin;
select plan(4);

select tests.create_type();
select tests.create_user() as user_id \gset
select tests.create_generation(:'user_id', 'reserved') as reserved \gset
select public.submit_generation(:'user_id', 'test', null, :'reserved', 60);
select tests.create_generation(:'user_id', 'reserved') as other \gset

select is(
  public.release_generation(null, :'reserved', 'provider_outage') ->> 'status', 'released',
  'also what a worker holds a lease on'
);
select is(tests.newest_event(:'user_id') ->> 'actor', 'operator', 'the ledger says who');
select is(tests.newest_event(:'user_id') ->> 'reason', 'provider_outage', 'and why');
select is(public.release_generation(null, :'other', 'provider_outage') -> 'credits', '10', 'and a reservation');

select * from finish();
rollback;
