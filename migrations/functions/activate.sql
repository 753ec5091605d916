-- revision: 2
-- Makes a generation the active one of a plugin, after the commit of appends in progress.
create or replace function eaf.activate(_plugin text, _generation bigint, _digest text) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  perform pg_advisory_xact_lock(eaf.generation_lock(_plugin));
  insert into eaf.generation (plugin, generation, digest) values (_plugin, _generation, _digest)
  on conflict (plugin) do update set generation = excluded.generation, digest = excluded.digest;
end $$;
grant execute on function eaf.activate to eaf_platform;
