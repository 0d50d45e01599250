begin;
select plan(2);

select tests.create_type();
select tests.create_user() as one \gset
select tests.create_user() as two \gset
select public.reserve_generation(:'one', 'test', p_idempotency_key => 'k') as first \gset
select public.reserve_generation(:'two', 'test', p_idempotency_key => 'k') as second \gset

select ok(not :'second'::jsonb ? 'replayed', 'another user may use the same key');
select isnt(:'second'::jsonb -> 'generation_id', :'first'::jsonb -> 'generation_id', 'and gets an own generation');

select * from finish();
rollback;
