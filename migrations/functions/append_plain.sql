-- revision: 1
-- Appends a few requests, of one tenant or several, in one statement and one commit. The fast path for the
-- commonest requests; eaf.append decides and explains the rest.
-- Parallel arrays as of eaf.append; r_tenant is the tenant of each request. Requests, streams and events
-- are in order. Answers one number per request, in order:
--   the position of its last event, or 0 if it had none: recorded
--   null: left out, nothing of it is recorded. Ask eaf.append.
-- Left out is a request of which a stream is not at the version expected, or whose generation is not
-- active, or that expects any version; and every request of a tenant that has no log yet. With several
-- tenants also those of a tenant whose lane another host is writing to: only a single tenant waits for its
-- lane, so that no tenant waits for another one, and no two hosts for each other in a ring.
-- Raises an error, and records nothing at all, if a key is known, a new stream exists or something is null
-- or malformed: ask eaf.append for each.
-- To be called alone, in autocommit, READ COMMITTED: the lanes stay locked until the transaction ends.
-- The rules are tests: eaf-core/tests/it/append_plain.rs.
create or replace function eaf.append_plain(
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
