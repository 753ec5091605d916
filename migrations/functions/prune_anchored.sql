-- revision: 2
-- Deletes anchored rows, for the tenant of the transaction: at most `_most` that are older than
-- `_before`. Returns their number per anchor; anchor null: rows without one, such as calls that
-- never ended. No row: no rows are left to prune. The minimum age of 7 days is fixed, as in
-- eaf.prune. enable_seqscan is off, because a session may keep a plan that was made while the
-- tables were almost empty.
create or replace function eaf.prune_anchored(_what text, _before timestamptz, _most integer)
returns table (anchor bigint, pruned bigint)
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
as $$
#variable_conflict use_column
declare
  tenant uuid := nullif(current_setting('app.tenant_id', true), '')::uuid;
  before timestamptz := least(_before, now() - interval '7 days');
  ended  uuid[];
begin
  case _what
    when 'denials' then
      return query with gone as (
        delete from eaf.audit d where d.ctid = any (array(
          select a.ctid from eaf.audit a
          where a.tenant_id = tenant and a.at < before and a.outcome = 'denied' and a.anchor is not null
          order by a.at limit _most for update skip locked)) returning d.anchor as nr)
        select g.nr, count(*) from gone g group by g.nr order by g.nr;
    when 'refusals' then
      return query with gone as (
        delete from eaf.audit d where d.ctid = any (array(
          select a.ctid from eaf.audit a
          where a.tenant_id = tenant and a.at < before and a.anchor is not null
            and a.act = 'command.give' and a.outcome <> 'denied' and a.outcome <> 'ok'
          order by a.at limit _most for update skip locked)) returning d.anchor as nr)
        select g.nr, count(*) from gone g group by g.nr order by g.nr;
    when 'journals' then
      ended := array(
        select r.run_id from eaf.run r
        where r.tenant_id = tenant and r.ended_at is not null and r.ended_at < before and r.state <> 'open'
          and r.journal_pruned_at is null and not exists (
            select from eaf.journal j
            where j.tenant_id = tenant and j.run_id = r.run_id and j.state = 'done' and j.anchor is null)
        order by r.ended_at limit greatest(_most / 100, 1) for update skip locked);
      update eaf.run r set journal_pruned_at = now(), result = null where r.tenant_id = tenant and r.run_id = any (ended);
      return query with gone as (
        delete from eaf.journal j where j.tenant_id = tenant and j.run_id = any (ended) returning j.anchor as nr)
        select g.nr, count(*) from gone g group by g.nr order by g.nr;
      -- Reports progress for runs without calls too.
      if cardinality(ended) > 0 then return query select null::bigint, 0::bigint; end if;
    else
      raise exception 'nothing called % is pruned', _what using errcode = '22023';
  end case;
end $$;
grant execute on function eaf.prune_anchored to eaf_app;
