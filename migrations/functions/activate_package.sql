-- revision: 2
-- Makes a stored package the active one and returns its generation; a repetition returns the same.
-- Null: there is no such package, or its file was pruned. The update of the row makes a concurrent
-- pruning check it again.
create or replace function eaf.activate_package(_plugin text, _digest text, _by uuid) returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  now_active record;
  _next bigint;
begin
  perform pg_advisory_xact_lock(eaf.generation_lock(_plugin));
  select g.generation, g.digest into now_active from eaf.generation g where g.plugin = _plugin;
  if now_active.digest = _digest then return now_active.generation; end if;
  update eaf.package p set stored_at = clock_timestamp()
    where p.digest = _digest and p.plugin = _plugin and octet_length(p.bytes) > 0;
  if not found then return null; end if;
  _next := coalesce(now_active.generation, 0) + 1;
  perform eaf.activate(_plugin, _next, _digest);
  insert into eaf.activation (plugin, generation, digest, activated_by) values (_plugin, _next, _digest, _by);
  return _next;
end $$;
grant execute on function eaf.activate_package to eaf_platform;
