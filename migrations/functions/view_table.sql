-- revision: 2
-- Creates the table of a view, with fixed types and a generated name, from a `_spec` that
-- eaf.create_view has checked. A sorted text has an index in ICU's order, which ignores case and
-- places umlauts beside their vowels; a filtered one has an index in byte order, as its column.
create or replace function eaf.view_table(_spec jsonb, tab text) returns void language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  _view text := _spec ->> 'view';
  body  text := '';
  c     jsonb;
  typ   text;
  seen  text[] := array['tenant_id', 'key'];
begin
  for c in select e from jsonb_array_elements(_spec -> 'columns') e loop
    if (c ->> 'name' ~ '^[a-z][a-z0-9_]{0,47}$') is not true or c ->> 'name' = any (seen) then
      raise exception 'view %: a column name is not valid, reserved or used twice', _view using errcode = '22023';
    end if;
    seen := seen || (c ->> 'name');
    typ := case c ->> 'type' when 'text' then 'text collate "C"' when 'integer' then 'bigint' when 'boolean' then 'boolean'
                             when 'timestamp' then 'timestamptz' when 'json' then 'jsonb' end;
    if typ is null then raise exception 'view %: column % has no valid type', _view, c ->> 'name' using errcode = '22023'; end if;
    if typ = 'jsonb' and ((c ->> 'filter')::boolean or (c ->> 'sort')::boolean) then
      raise exception 'view %: json column % can be neither filtered nor sorted', _view, c ->> 'name' using errcode = '22023';
    end if;
    body := body || format(', %I %s', c ->> 'name', typ);
  end loop;

  execute format('create table eaf_view.%I (tenant_id uuid not null, key text collate "C" not null, _pos bigint not null, '
                 '_deleted boolean not null default false%s, primary key (tenant_id, key))', tab, body);
  perform eaf.tenant_table(format('eaf_view.%I', tab)::regclass);
  execute format('grant select, insert, update, delete on eaf_view.%I to eaf_app', tab);
  -- Live updates read the rows that changed after a position.
  execute format('create index on eaf_view.%I (tenant_id, _pos, key)', tab);
  for c in select e from jsonb_array_elements(_spec -> 'columns') e loop
    if (c ->> 'filter')::boolean or (c ->> 'sort')::boolean and c ->> 'type' <> 'text' then
      execute format('create index on eaf_view.%I (tenant_id, %I, key)', tab, c ->> 'name');
    end if;
    if (c ->> 'sort')::boolean and c ->> 'type' = 'text' then
      execute format('create index on eaf_view.%I (tenant_id, %I collate "und-x-icu", key)', tab, c ->> 'name');
    end if;
  end loop;
end $$;
