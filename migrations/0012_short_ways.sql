-- Two short ways beside eaf.append, for what is commonest (ADR 0017). Neither undoes anything, says no or explains: what is not plain they
-- leave to eaf.append. What they promise is written down in eaf-core/tests/it/append_plain.rs and append_bulk.rs.

-- ── A few requests, of one tenant or of several: one statement and one commit for all of them ────────────────────────────
-- Parallel arrays, all counted from 1, as of eaf.append; r_tenant is the tenant of each request. Requests, streams and events are
-- in order. It answers one number per request, in order:
--   the position of its last event, or 0 if it had none: recorded
--   null: left out, nothing of it is recorded. Ask eaf.append.
-- Left out is a request of which a stream is not at the version expected, or whose generation is not active, or that expects any version;
-- and every request of a tenant that has no log yet. With several tenants also those of a tenant whose lane somebody else is writing
-- to: only one that is alone waits for its lane. So nobody waits for a stranger, and two hosts never for each other in a ring.
-- It raises an error, and nothing of all of them is recorded, if a key is known, a new stream exists or something is null or malformed:
-- ask eaf.append for each.
-- Call it alone, in autocommit, READ COMMITTED: the lanes stay locked until the transaction ends.
create function eaf.append_plain(
  _lane smallint, _keep interval,
  r_tenant uuid[], r_actor uuid[], r_key text[], r_fingerprint bytea[], r_answer bytea[], r_plugin text[], r_generation bigint[],
  s_request int[], s_stream uuid[], s_expected bigint[],
  e_stream int[], e_id uuid[], e_type text[], e_schema smallint[], e_data bytea[], e_meta bytea[])
returns bigint[]
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set enable_seqscan = off    -- a plan made while the tables were tiny lives as long as the session
as $$
declare
  caller text := coalesce(current_setting('app.tenant_id', true), '');
  held text; tenant uuid; free boolean; plain boolean; fenced boolean; plugin text; generation bigint;
  p bigint; hash bytea; at timestamptz;       -- of the tenant's lane
  s int := 0; e int := 0; s0 int; e0 int;     -- the last stream and event looked at; those before the request's first
  from_pos bigint; version bigint; leaf bytea; tail bigint[];
  done bigint[] := array_fill(null::bigint, array[cardinality(r_key)]);
begin
  for i in 1 .. cardinality(r_key) loop
    -- 1. The tenant, for its own requests only; a caller that has set one may append for that one alone. One writer per lane, until
    --    its commit is visible. Each statement from here on sees all earlier appends.
    if r_tenant[i] is distinct from tenant then
      tenant := r_tenant[i];
      if caller <> '' and tenant is distinct from caller::uuid then
        raise exception 'tenant mismatch' using errcode = '42501';
      end if;
      p := null;
      free := true;
      if i = 1 and r_tenant[cardinality(r_tenant)] = tenant then
        held := pg_advisory_xact_lock(uuid_hash_extended(tenant, _lane))::text || set_config('app.tenant_id', tenant::text, true);
      else
        free := pg_try_advisory_xact_lock(uuid_hash_extended(tenant, _lane)) and set_config('app.tenant_id', tenant::text, true) is not null;
      end if;
      if free then
        select l.pos, l.chain, clock_timestamp() into p, hash, at
          from eaf.event l where l.tenant_id = tenant and l.lane = _lane order by l.pos desc limit 1;
      end if;
    end if;

    -- 2. Which streams and events are this request's.
    s0 := s; e0 := e;
    while s_request[s + 1] = i loop s := s + 1; end loop;
    while s_request[e_stream[e + 1]] = i loop e := e + 1; end loop;
    continue when p is null;

    -- 3. Nobody activates another generation until the commit.
    if r_plugin[i] is distinct from plugin or r_generation[i] is distinct from generation then
      plugin := r_plugin[i]; generation := r_generation[i];
      held := pg_advisory_xact_lock_shared(eaf.generation_lock(plugin));
      fenced := plugin is not null and not exists (select from eaf.generation g where g.plugin = r_plugin[i] and g.generation = r_generation[i]);
    end if;

    -- 4. Is everything as expected? Whether the key is free and a new stream is new the inserts find out.
    plain := fenced is not true and octet_length(r_key[i]) between 1 and 200 and octet_length(r_fingerprint[i]) = 32;
    for j in s0 + 1 .. s loop
      plain := plain and (j = s or not s_stream[j] = any (s_stream[j + 1 : s]));
      exit when plain is not true;
      if s_expected[j] > 0 or e = e0 or not j = any (e_stream[e0 + 1 : e]) then
        select v.version into version from eaf.event v
          where v.tenant_id = tenant and v.stream_id = s_stream[j] order by v.version desc limit 1;
        plain := coalesce(version, 0) = s_expected[j];
      else
        plain := s_expected[j] = 0;
      end if;
    end loop;
    continue when plain is not true;

    -- 5. Number, hash, chain and write.
    tail := s_expected;
    from_pos := null;
    for k in e0 + 1 .. e loop
      p := p + 1;
      if from_pos is null then from_pos := p; end if;
      version := tail[e_stream[k]] + 1;
      tail[e_stream[k]] := version;
      leaf := eaf.leaf(tenant, _lane, p, s_stream[e_stream[k]], version, e_id[k], e_type[k], e_schema[k], e_data[k], e_meta[k], at);
      hash := sha256(hash || leaf);
      insert into eaf.event (tenant_id, lane, pos, stream_id, version, event_id, type, schema_version, data, meta, at, leaf, chain)
      values (tenant, _lane, p, s_stream[e_stream[k]], version, e_id[k], e_type[k], e_schema[k], e_data[k], e_meta[k], at, leaf, hash);
    end loop;
    insert into eaf.ledger (tenant_id, actor_id, key, fingerprint, lane, first_pos, last_pos, answer, at, keep_until)
    values (tenant, r_actor[i], r_key[i], r_fingerprint[i], _lane, from_pos, case when from_pos is not null then p end, r_answer[i], at, at + _keep);
    done[i] := case when from_pos is null then 0 else p end;
  end loop;
  if s is distinct from cardinality(s_request) or e is distinct from cardinality(e_stream) then
    raise exception 'malformed batch' using errcode = '22023';
  end if;
  held := set_config('app.tenant_id', caller, true);
  return done;
end $$;

grant execute on function eaf.append_plain to eaf_app;
comment on function eaf.append_plain is 'as owner for eaf_app';    -- for releases that do not know it (eaf-core/src/db/check/known.rs)

-- ── Several requests of one tenant, each with one event on one stream, all of one generation ──────────────────────────────
-- One insert for all events, one for all answers. Parallel arrays, counted from 1: the n-th request, its stream and its event. _plugin null = not fenced.
-- It answers the position of the first event; those of the others follow. Null: nothing of it is recorded, because a stream is not at
-- the version expected, the generation is not active, a key or a fingerprint has an impossible length or the tenant has no log yet. It
-- raises an error, and nothing of it is recorded, if a key is known, a new stream exists, a stream occurs twice or something is null. After
-- both ask eaf.append. Call it alone, in autocommit, READ COMMITTED: the lane stays locked until the transaction ends.
create function eaf.append_bulk(
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
comment on function eaf.append_bulk is 'as owner for eaf_app';    -- for releases that do not know it (eaf-core/src/db/check/known.rs)
