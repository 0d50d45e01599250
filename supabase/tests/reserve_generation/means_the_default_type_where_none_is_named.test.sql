begin;
select plan(1);

select tests.create_type('test-default', 2);
select tests.create_user() as user_id \gset
update private.settings set default_type = 'test-default';

select is(
  public.reserve_generation(:'user_id') -> 'cost', '2', 'no type named: that of private.settings.default_type is charged'
);

select * from finish();
rollback;
