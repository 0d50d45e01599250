begin;
select plan(2);

select is(
  public.complete_generation(gen_random_uuid()),
  '{"success": false, "error": "GENERATION_NOT_FOUND", "message": "There is no such generation"}',
  'a generation that there never was'
);
select is(public.complete_generation(null) ->> 'error', 'GENERATION_NOT_FOUND', 'none at all');

select * from finish();
rollback;
