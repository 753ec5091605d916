-- revision: 1
-- Appends several requests of one tenant, each with one event on one stream, all of one generation: one
-- insert for all events, one for all answers. A fast path; eaf.append decides and explains the rest.
-- Parallel arrays, counted from 1: the n-th request, its stream and its event. _plugin null = not fenced.
-- Answers the position of the first event; those of the others follow. Null: nothing is recorded, because a
-- stream is not at the version expected, the generation is not active, a key or a fingerprint has an
-- impossible length or the tenant has no log yet. Raises an error, and records nothing, if a key is known,
-- a new stream exists, a stream occurs twice or something is null. After both ask eaf.append.
-- To be called alone, in autocommit, READ COMMITTED: the lane stays locked until the transaction ends.
-- The rules are tests: eaf-core/tests/it/append_bulk.rs.
create or replace function eaf.append_bulk(
  _tenant uuid, _lane smallint, _keep interval, _plugin text, _generation bigint,
  _actor uuid[], _key text[], _fingerprint bytea[], _answer bytea[], _stream uuid[], _expected bigint[],
  _id uuid[], _type text[], _schema smallint[], _data bytea[], _meta bytea[])
returns bigint
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set enable_seqscan = off    -- a plan made while the tables were tiny lives as long as the session
as $$
declare
  held text; plain boolean; n int := cardinality(_key);
  head bigint; hash bytea; at timestamptz;    -- of the lane
  leaf bytea; leaves bytea[]; chains bytea[];
begin
  if nullif(current_setting('app.tenant_id', true), '')::uuid <> _tenant then
    raise exception 'tenant mismatch' using errcode = '42501';
  end if;
  held := set_config('app.tenant_id', _tenant::text, true) || pg_advisory_xact_lock(uuid_hash_extended(_tenant, _lane))::text
          || pg_advisory_xact_lock_shared(eaf.generation_lock(_plugin))::text;

  select e.pos, e.chain, clock_timestamp(),
         _plugin is null or exists (select from eaf.generation g where g.plugin = _plugin and g.generation = _generation)
    into head, hash, at, plain
    from eaf.event e where e.tenant_id = _tenant and e.lane = _lane order by e.pos desc limit 1;
  plain := plain and (select bool_and(octet_length(k) between 1 and 200) from unnest(_key) k)
                 and (select bool_and(octet_length(f) = 32) from unnest(_fingerprint) f);
  if plain is not true then return null; end if;
  if (0 = all (_expected)) is not true and exists (
    select from (select unnest(_stream) st, unnest(_expected) v) u
    where v is distinct from coalesce((select e.version from eaf.event e where e.tenant_id = _tenant and e.stream_id = st
                                       order by e.version desc limit 1), 0))
  then return null; end if;

  leaves := array(
    select eaf.leaf(_tenant, _lane, head + u.i, u.st, u.v + 1, u.e, u.t, u.c, u.d, u.m, at)
    from (select generate_series(1, n) i, unnest(_stream) st, unnest(_expected) v, unnest(_id) e, unnest(_type) t, unnest(_schema) c,
                 unnest(_data) d, unnest(_meta) m) u);
  foreach leaf in array leaves loop
    hash := sha256(hash || leaf);
    chains := chains || hash;
  end loop;
  insert into eaf.event (tenant_id, lane, pos, stream_id, version, event_id, type, schema_version, data, meta, at, leaf, chain)
  select _tenant, _lane, head + u.i, u.st, u.v + 1, u.e, u.t, u.c, u.d, u.m, at, u.l, u.h
  from (select generate_series(1, n) i, unnest(_stream) st, unnest(_expected) v, unnest(_id) e, unnest(_type) t, unnest(_schema) c,
               unnest(_data) d, unnest(_meta) m, unnest(leaves) l, unnest(chains) h) u;
  insert into eaf.ledger (tenant_id, actor_id, key, fingerprint, lane, first_pos, last_pos, answer, at, keep_until)
  select _tenant, u.a, u.k, u.f, _lane, head + u.i, head + u.i, u.w, at, at + _keep
  from (select generate_series(1, n) i, unnest(_actor) a, unnest(_key) k, unnest(_fingerprint) f, unnest(_answer) w) u;
  return head + 1;
end $$;
grant execute on function eaf.append_bulk to eaf_app;
