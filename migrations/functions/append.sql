-- revision: 1
-- Appends a batch of requests of one tenant, decided in order, each all or nothing, with one outcome:
--   ok          recorded; first_pos and last_pos are null if the request had no events
--   duplicate   the key is known with this fingerprint: answer and positions are those of the first time
--   key_reused  the key is known with another fingerprint
--   conflict    a stream is not at the version expected; compare `actual` with s_expected
--   retry       an earlier request of the batch has the same key, or shares a stream that one of them writes
--   fenced      another generation of the plugin is active (or none): the decision is void
--   invalid     a null, a key or fingerprint of impossible length, or one stream twice: never retry it
-- Parallel arrays, counted from 1: r_* per request (r_plugin null = not fenced); s_* per stream of a
-- request (s_expected null = any version); e_* per event (e_stream points into s_*; events of one request
-- together, requests in order). A stream without events is a guard. The result has one row per request,
-- in order. `actual`: the versions found, one per stream of the request; given if one is not as expected
-- or nothing was expected. A tenant that does not exist is error EAF01. The common case, everything as
-- expected, writes first and looks up nothing that the write itself finds out.
-- To be called alone, in autocommit, READ COMMITTED: the lane stays locked until the transaction ends.
-- The rules are tests: eaf-core/tests/it/append.rs.
create or replace function eaf.append(
  _tenant uuid, _lane smallint, _keep interval,
  r_actor uuid[], r_key text[], r_fingerprint bytea[], r_answer bytea[],
  r_plugin text[], r_generation bigint[],
  s_request int[], s_stream uuid[], s_expected bigint[],
  e_stream int[], e_id uuid[], e_type text[], e_schema smallint[], e_data bytea[], e_meta bytea[])
returns table (outcome text, first_pos bigint, last_pos bigint, answer bytea, actual bigint[])
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set enable_seqscan = off    -- a plan made while the tables were tiny lives as long as the session
as $$
declare
  held text; n int; m int; c int;                       -- requests, streams, events
  at timestamptz; head bigint; hash bytea; chain bytea;     -- of the lane
  version bigint; leaf bytea;
  special int; fresh boolean; shapely boolean; plain boolean;
  cur bigint[]; tail bigint[]; p bigint; r int; last_r int := 1; s int; x record;
  verdict text[]; told bytea[]; first bigint[]; last bigint[];              -- per request
  positions bigint[]; versions bigint[]; leaves bytea[]; chains bytea[];    -- of the accepted events, sparse
begin
  -- 1. The tenant, for this transaction only. If the caller has set it too, the two must agree.
  if nullif(current_setting('app.tenant_id', true), '')::uuid <> _tenant then
    raise exception 'tenant mismatch' using errcode = '42501';
  end if;
  -- 2. One writer per lane, until its commit is visible. Each statement from here on sees all earlier appends. And nobody
  --    activates another generation until then. One expression, because each costs as much as an index's entry.
  held := set_config('app.tenant_id', _tenant::text, true) || pg_advisory_xact_lock(uuid_hash_extended(_tenant, _lane))::text
          || pg_advisory_xact_lock_shared(eaf.generation_lock(r_plugin[1]))::text;

  -- 3. Short cut for the commonest calls: one request of few streams and events, or a no, all well. Whether its key and its versions
  --    are free the inserts find out; if they are not, or something is null, they leave nothing behind. Anything else falls through
  --    to the general path, which alone decides.
  n := cardinality(r_key); m := cardinality(s_stream); c := cardinality(e_id);
  if n = 1 and m <= 4 and c <= 4 and octet_length(r_key[1]) between 1 and 200 and octet_length(r_fingerprint[1]) = 32 then
    begin
      select e.pos, e.chain, clock_timestamp(),
             r_plugin[1] is null or exists (select from eaf.generation g where g.plugin = r_plugin[1] and g.generation = r_generation[1])
        into p, hash, at, plain
        from eaf.event e where e.tenant_id = _tenant and e.lane = _lane order by e.pos desc limit 1;
      for i in 1 .. m loop
        plain := plain and (i = m or not s_stream[i] = any (s_stream[i + 1 : m]));
        exit when plain is not true;
        if s_expected[i] > 0 or not i = any (e_stream) then
          select e.version into version from eaf.event e
            where e.tenant_id = _tenant and e.stream_id = s_stream[i] order by e.version desc limit 1;
          plain := coalesce(version, 0) = s_expected[i];
        end if;
      end loop;
      if plain and s_request = array_fill(1, array[m]) then
        tail := s_expected;
        head := p + 1;
        for i in 1 .. c loop
          p := p + 1;
          s := e_stream[i];
          tail[s] := tail[s] + 1;
          leaf := eaf.leaf(_tenant, _lane, p, s_stream[s], tail[s], e_id[i], e_type[i], e_schema[i], e_data[i], e_meta[i], at);
          hash := sha256(hash || leaf);
          insert into eaf.event (tenant_id, lane, pos, stream_id, version, event_id, type, schema_version, data, meta, at, leaf, chain)
          values (_tenant, _lane, p, s_stream[s], tail[s], e_id[i], e_type[i], e_schema[i], e_data[i], e_meta[i], at, leaf, hash);
        end loop;
        if c > 0 then first_pos := head; last_pos := p; end if;
        insert into eaf.ledger (tenant_id, actor_id, key, fingerprint, lane, first_pos, last_pos, answer, at, keep_until)
        values (_tenant, r_actor[1], r_key[1], r_fingerprint[1], _lane, first_pos, last_pos, r_answer[1], at, at + _keep);
        outcome := 'ok';
        return next;
        return;
      end if;
    exception when unique_violation or not_null_violation then
      first_pos := null; last_pos := null;
    end;
  end if;

  if n > 1 then
    perform pg_advisory_xact_lock_shared(eaf.generation_lock(name))
    from (select distinct unnest(r_plugin)) d (name) where name is not null;
  end if;

  -- 4. The state under the lock, as far as the common case needs it: is the batch well formed, is there nothing in it that
  --    needs a closer look, and does every guard and every stream that exists have the version expected? Whether keys and new streams
  --    are free the inserts find out: looking them up takes as long as a third of everything else.
  select h.pos, h.chain, clock_timestamp(),
         cardinality(r_actor) = n and cardinality(r_fingerprint) = n and cardinality(r_answer) = n
         and cardinality(r_plugin) = n and cardinality(r_generation) = n
         and cardinality(s_request) = m and cardinality(s_expected) = m and cardinality(e_stream) = c and cardinality(e_type) = c
         and cardinality(e_schema) = c and cardinality(e_data) = c and cardinality(e_meta) = c
         and 1 <= all (s_request) and n >= all (s_request) and 1 <= all (e_stream) and m >= all (e_stream),
         (select bool_and(octet_length(k) between 1 and 200 and octet_length(f) = 32)
              from (select unnest(r_key) k, unnest(r_fingerprint) f) u)
         and (select count(distinct st) = m from unnest(s_stream) st)
         and not exists (select from (select distinct unnest(r_plugin) name, unnest(r_generation) g) u
                         where name is not null and not exists (select from eaf.generation a where a.plugin = name and a.generation = g))
         and not exists (select from (select unnest(s_stream) st, unnest(s_expected) v, generate_series(1, m) i) u
                         where case when v > 0 or not i = any (e_stream)
                           then v <> coalesce((select e.version from eaf.event e where e.tenant_id = _tenant and e.stream_id = st
                                               order by e.version desc limit 1), 0)
                           else v is null end)
         and not exists (select from generate_series(2, c) i where s_request[e_stream[i]] < s_request[e_stream[i - 1]])
    into head, hash, at, shapely, plain
    from (select) one left join lateral (select e.pos, e.chain from eaf.event e
      where e.tenant_id = _tenant and e.lane = _lane order by e.pos desc limit 1) h on true;
  if shapely is not true then raise exception 'malformed batch' using errcode = '22023'; end if;
  if head is null then head := 0; hash := eaf.first_link(_tenant, _lane); end if;

  -- 5. The common case accepts everything, and leaves nothing behind if a key or stream is not free after all, or something is null.
  --    Anything else goes on below, which alone decides who is refused, and why.
  if plain then
    begin
      tail := s_expected;
      p := head;
      chain := hash;
      for i in 1 .. c loop
        s := e_stream[i];
        p := p + 1;
        tail[s] := tail[s] + 1;
        versions[i] := tail[s];
        leaf := eaf.leaf(_tenant, _lane, p, s_stream[s], tail[s], e_id[i], e_type[i], e_schema[i], e_data[i], e_meta[i], at);
        leaves[i] := leaf;
        chain := sha256(chain || leaf);
        chains[i] := chain;
        last[s_request[s]] := p;
      end loop;
      insert into eaf.event (tenant_id, lane, pos, stream_id, version, event_id, type, schema_version, data, meta, at, leaf, chain)
      select _tenant, _lane, u.p, s_stream[u.n], u.v, u.e, u.t, u.c, u.d, u.m, at, u.l, u.h
      from (select generate_series(head + 1, p) p, unnest(e_stream) n, unnest(versions) v, unnest(e_id) e, unnest(e_type) t,
                   unnest(e_schema) c, unnest(e_data) d, unnest(e_meta) m, unnest(leaves) l, unnest(chains) h) u;
      -- A request's first event comes after the last one of those before it.
      p := head;
      for i in 1 .. n loop
        if last[i] is not null then first[i] := p + 1; p := last[i]; end if;
      end loop;
      insert into eaf.ledger (tenant_id, actor_id, key, fingerprint, lane, first_pos, last_pos, answer, at, keep_until)
      select _tenant, u.a, u.k, u.f, _lane, first[u.i], last[u.i], u.w, at, at + _keep
      from (select generate_series(1, n) i, unnest(r_actor) a, unnest(r_key) k, unnest(r_fingerprint) f, unnest(r_answer) w) u;
      return query select 'ok', first[g], last[g], null::bytea, null::bigint[] from generate_series(1, n) g;
      return;
    exception when unique_violation or not_null_violation then
      versions := null; leaves := null; chains := null;
    end;
  end if;

  -- 6. What every stream's version is, how many requests need a closer look, and whether any key or stream occurs twice.
  select array(select coalesce((select e.version from eaf.event e where e.tenant_id = _tenant and e.stream_id = u
                                order by e.version desc limit 1), 0) from unnest(s_stream) u),
         (select count(*) from (select unnest(r_actor) a, unnest(r_key) k, unnest(r_fingerprint) f, unnest(r_answer) w) u
          where num_nulls(a, k, f, w) > 0 or octet_length(k) not between 1 and 200 or octet_length(f) <> 32
             or (select true from eaf.ledger l where l.tenant_id = _tenant and l.actor_id = a and l.key = k)),
         (select count(*) from (select distinct a, k from (select unnest(r_actor) a, unnest(r_key) k) u) d) = n
         and (select count(*) from (select distinct u from unnest(s_stream) u) d) = m
    into cur, special, fresh;

  -- 7. Decide. A later finding overrides an earlier one.
  verdict := array_fill('ok'::text, array[n]);
  told := array_fill(null::bytea, array[n]);
  first := array_fill(null::bigint, array[n]);
  last := first;
  if cur is distinct from s_expected then
    for i in 1 .. m loop
      if s_expected[i] <> cur[i] then verdict[s_request[i]] := 'conflict'; end if;
    end loop;
  end if;
  for x in
    select u.i from unnest(r_plugin, r_generation) with ordinality u(p, g, i)
    where u.p is not null and not exists (select from eaf.generation a where a.plugin = u.p and a.generation = u.g)
  loop
    verdict[x.i] := 'fenced';
  end loop;
  if not fresh then
    for x in
      select b.i as r, false as twice from unnest(r_actor, r_key) with ordinality b(a, k, i)
      join unnest(r_actor, r_key) with ordinality f(a, k, i) on f.a = b.a and f.k = b.k and f.i < b.i
      union all
      select b.r, f.r = b.r from unnest(s_request, s_stream) with ordinality b(r, s, i)
      join unnest(s_request, s_stream) with ordinality f(r, s, i) on f.s = b.s and f.i < b.i
      where f.r = b.r or f.i = any (e_stream) or b.i = any (e_stream)
      order by 2
    loop
      verdict[x.r] := case when x.twice then 'invalid' else 'retry' end;
    end loop;
  end if;
  if array_position(s_stream, null) is not null or array_position(e_id, null) is not null or array_position(e_type, null) is not null
     or array_position(e_schema, null) is not null or array_position(e_data, null) is not null or array_position(e_meta, null) is not null then
    for i in 1 .. m loop
      if s_stream[i] is null then verdict[s_request[i]] := 'invalid'; end if;
    end loop;
    for i in 1 .. c loop
      if num_nulls(e_id[i], e_type[i], e_schema[i], e_data[i], e_meta[i]) > 0 then verdict[s_request[e_stream[i]]] := 'invalid'; end if;
    end loop;
  end if;
  if special > 0 then
    for x in
      select u.i, u.f, l.* from unnest(r_actor, r_key, r_fingerprint, r_answer) with ordinality u(a, k, f, w, i)
      left join lateral (select * from eaf.ledger g where g.tenant_id = _tenant and g.actor_id = a and g.key = k) l on true
      where l.key is not null or num_nulls(a, k, f, w) > 0 or octet_length(k) not between 1 and 200 or octet_length(f) <> 32
    loop
      verdict[x.i] := case when x.fingerprint = x.f then 'duplicate' when x.fingerprint <> x.f then 'key_reused' else 'invalid' end;
      if verdict[x.i] = 'duplicate' then
        told[x.i] := x.answer; first[x.i] := x.first_pos; last[x.i] := x.last_pos;
      end if;
    end loop;
  end if;

  -- 8. Number, hash and chain the accepted events.
  tail := cur;
  p := head;
  for i in 1 .. c loop
    s := e_stream[i];
    r := s_request[s];
    if r < last_r then raise exception 'malformed batch: events out of order' using errcode = '22023'; end if;
    last_r := r;
    if verdict[r] = 'ok' then
      p := p + 1;
      version := tail[s] + 1;
      leaf := eaf.leaf(_tenant, _lane, p, s_stream[s], version, e_id[i], e_type[i], e_schema[i], e_data[i], e_meta[i], at);
      hash := sha256(hash || leaf);
      tail[s] := version; positions[i] := p; versions[i] := version; leaves[i] := leaf; chains[i] := hash;
      if first[r] is null then first[r] := p; end if;
      last[r] := p;
    end if;
  end loop;

  -- 9. Write.
  if p > head then
    insert into eaf.event (tenant_id, lane, pos, stream_id, version, event_id, type, schema_version, data, meta, at, leaf, chain)
    select _tenant, _lane, positions[g], s_stream[e_stream[g]], versions[g], e_id[g], e_type[g], e_schema[g],
           e_data[g], e_meta[g], at, leaves[g], chains[g]
    from generate_series(1, c) g where positions[g] is not null;
  end if;
  insert into eaf.ledger (tenant_id, actor_id, key, fingerprint, lane, first_pos, last_pos, answer, at, keep_until)
  select _tenant, r_actor[g], r_key[g], r_fingerprint[g], _lane, first[g], last[g], r_answer[g], at, at + _keep
  from generate_series(1, n) g where verdict[g] = 'ok';
  if cur is not distinct from s_expected then
    return query select unnest(verdict), unnest(first), unnest(last), unnest(told), null::bigint[];
  else
    return query select verdict[g], first[g], last[g], told[g], case when verdict[g] in ('ok', 'conflict') then
      array(select cur[i] from generate_series(1, m) i where s_request[i] = g) end from generate_series(1, n) g;
  end if;
end $$;
grant execute on function eaf.append to eaf_app;
