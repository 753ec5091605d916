-- revision: 2
-- Creates the table of a view definition unless it exists, and returns the table's name. Does not
-- change which definition is active.
-- _spec: {digest, plugin, view, version, columns: [{name, type, filter, sort}], events: [...]}. The
-- digest covers the other members.
create or replace function eaf.create_view(_spec jsonb) returns text
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  _digest text := _spec ->> 'digest';
  _plugin text := _spec ->> 'plugin';
  _view   text := _spec ->> 'view';
  tab    text;
  known  jsonb;
begin
  if (_digest ~ '^[0-9a-f]{64}$') is not true then raise exception 'view digest is not valid' using errcode = '22023'; end if;
  if (_plugin ~ '^[a-z][a-z0-9-]{0,31}$') is not true then raise exception 'plugin name is not valid' using errcode = '22023'; end if;
  if (_view ~ '^[a-z][a-z0-9-]{0,62}$') is not true then raise exception 'view name is not valid' using errcode = '22023'; end if;
  if jsonb_typeof(_spec -> 'columns') is distinct from 'array' or jsonb_array_length(_spec -> 'columns') not between 1 and 64 then
    raise exception 'view % needs 1 to 64 columns', _view using errcode = '22023';
  end if;

  tab := 'v_' || left(_digest, 32);
  perform pg_advisory_xact_lock(hashtextextended('eaf.create_view', 0));
  select v.spec into known from eaf.view v where v.digest = _digest;
  if known is not null and known <> _spec then
    raise exception 'another view definition has this digest' using errcode = '22023';
  end if;

  if known is null then
    perform eaf.view_table(_spec, tab);
    insert into eaf.view (digest, plugin, view, version, spec, table_name)
    values (_digest, _plugin, _view, (_spec ->> 'version')::integer, _spec, tab);
    insert into eaf.view_copy (table_name, digest, state) values (tab, _digest, 'live');
  end if;
  return tab;
end $$;
grant execute on function eaf.create_view to eaf_platform;
