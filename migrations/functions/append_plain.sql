-- revision: 5
-- Fast path: appends simple requests of one or several tenants in one statement and one commit. See
-- eaf.append for the rules of a decision.
-- Parallel arrays, counted from 1. f_*: each generation that decided a request. t_*: per tenant,
-- with the number of its requests, guards and events, which follow in the order of the tenants.
-- r_*: per request; r_first and r_last number its events among those of its tenant, null: none.
-- g_*: per guard, a stream and its required version; a stream with events needs a guard too, unless
-- it is new. e_*: per event.
-- Returns one number per tenant, in order:
--   the position before its first event: all its requests are recorded
--   null: deferred, no request of the tenant is recorded; call eaf.append
-- A tenant is deferred if it has no log yet, a guard does not hold, or a key or fingerprint has the
-- wrong length; all tenants are, if a generation is not active. Of several tenants one is deferred
-- also if another host writes to its lane: only a single tenant waits for its lane, so that no
-- tenant delays another one and no two hosts deadlock.
-- Raises an error and records no request if a key is known, a new stream exists, or a value is null
-- or malformed; call eaf.append for each.
-- Called alone, in autocommit and READ COMMITTED: lanes stay locked until the transaction ends.
-- Specified by eaf-core/tests/it/append_plain.rs. enable_seqscan is off, because a session may keep
-- a plan that was made while the tables were almost empty.
create or replace function eaf.append_plain(
  _lane smallint, _keep interval, f_plugin text[], f_generation bigint[],
  t_tenant uuid[], t_requests int[], t_guards int[], t_events int[],
  r_actor uuid[], r_key text[], r_fingerprint bytea[], r_answer bytea[], r_first int[], r_last int[],
  g_stream uuid[], g_version bigint[],
  e_stream uuid[], e_version bigint[], e_id uuid[], e_type text[], e_schema smallint[], e_data bytea[], e_meta bytea[])
returns bigint[]
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
as $$
declare
  caller text := coalesce(current_setting('app.tenant_id', true), '');
  discarded text; tenant uuid; simple boolean; fenced boolean := false;
  head bigint; hash bytea; at timestamptz;    -- of the tenant's lane
  r int := 0; g int := 0; e int := 0;         -- requests, guards and events of the tenants before this one
  pos bigint; leaf bytea; leaves bytea[] := '{}'; chains bytea[] := '{}';
  heads bigint[] := '{}';
begin
  if caller <> '' and (caller::uuid = all (t_tenant)) is not true then
    raise exception 'tenant mismatch' using errcode = '42501';
  end if;
  for t in 1 .. cardinality(t_tenant) loop
    -- 1. Set the tenant for its own requests, and lock the lane: one writer until its commit is
    --    visible, so that later statements see all earlier appends.
    tenant := t_tenant[t];
    if cardinality(t_tenant) = 1 then
      discarded := pg_advisory_xact_lock(uuid_hash_extended(tenant, _lane))::text || set_config('app.tenant_id', tenant::text, true);
      simple := true;
    else
      simple := not fenced and pg_try_advisory_xact_lock(uuid_hash_extended(tenant, _lane))
                and set_config('app.tenant_id', tenant::text, true) is not null;
    end if;

    -- 2. Lock the generations until the commit, after the first lane as in eaf.append.
    if t = 1 then
      for f in 1 .. cardinality(f_plugin) loop
        discarded := pg_advisory_xact_lock_shared(eaf.generation_lock(f_plugin[f]));
        fenced := fenced or not exists (select from eaf.generation a where a.plugin = f_plugin[f] and a.generation = f_generation[f]);
      end loop;
      if fenced then simple := false; end if;
    end if;

    -- 3. Check lengths and guards. The inserts fail on known keys and on new streams that exist.
    if simple then
      head := null;
      select l.pos, l.chain, eaf.now() into head, hash, at
        from eaf.event l where l.tenant_id = tenant and l.lane = _lane order by l.pos desc limit 1;
      simple := head is not null;
      for i in r + 1 .. r + t_requests[t] loop
        simple := simple and octet_length(r_key[i]) between 1 and 200 and octet_length(r_fingerprint[i]) = 32;
      end loop;
      if t_guards[t] > 0 then
        simple := simple and not exists (
          select from (select generate_series(g + 1, g + t_guards[t]) i) u
          where g_version[i] is distinct from coalesce((select v.version from eaf.event v where v.tenant_id = tenant and v.stream_id = g_stream[i]
                                                        order by v.version desc limit 1), 0));
      end if;
    end if;

    -- 4. Number, hash, chain and write.
    if simple then
      pos := head;
      for i in e + 1 .. e + t_events[t] loop
        pos := pos + 1;
        leaf := eaf.leaf(tenant, _lane, pos, e_stream[i], e_version[i], e_id[i], e_type[i], e_schema[i], e_data[i], e_meta[i], at);
        hash := sha256(hash || leaf);
        leaves[i] := leaf;
        chains[i] := hash;
      end loop;
      insert into eaf.event (tenant_id, lane, pos, stream_id, version, event_id, type, schema_version, data, meta, at, leaf, chain)
      select tenant, _lane, head + i - e, e_stream[i], e_version[i], e_id[i], e_type[i], e_schema[i], e_data[i], e_meta[i], at, leaves[i], chains[i]
      from (select generate_series(e + 1, e + t_events[t]) i) u;
      insert into eaf.ledger (tenant_id, actor_id, key, fingerprint, lane, first_pos, last_pos, answer, at, keep_until)
      select tenant, r_actor[i], r_key[i], r_fingerprint[i], _lane, head + r_first[i], head + r_last[i], r_answer[i], at, at + _keep
      from (select generate_series(r + 1, r + t_requests[t]) i) u;
      heads[t] := head;
    else
      heads[t] := null;
    end if;
    r := r + t_requests[t]; g := g + t_guards[t]; e := e + t_events[t];
  end loop;
  discarded := set_config('app.tenant_id', caller, true);
  return heads;
end $$;
grant execute on function eaf.append_plain to eaf_app;
