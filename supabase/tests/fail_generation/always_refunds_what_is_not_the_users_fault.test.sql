begin;
select plan(3);

select tests.create_type();
update public.generation_types set refund_on_failure = false where slug = 'test';
select tests.create_user(30) as user_id \gset
select tests.create_generation(:'user_id', 'processing') as a \gset
select tests.create_generation(:'user_id', 'processing') as b \gset
select tests.create_generation(:'user_id', 'processing') as c \gset

select is(public.fail_generation(:'a', 'provider_not_configured') -> 'refunded', '3', 'a provider that is not set up');
select is(public.fail_generation(:'b', 'internal_error') -> 'refunded', '3', 'a bug');
select is(public.fail_generation(:'c', 'provider_error') -> 'refunded', '0', 'but not a failed attempt, where the type keeps its charge');

select * from finish();
rollback;
