-- Pruning that can be followed: refused commands go after a while too, each deletion says in which anchors its rows were, and
-- equal denials of an operator are counted.
--
-- Why: every refused command left a row in eaf.audit for ever; and a record "17 rows before this day" excused the deletion of
-- any 17 rows of an anchor that began before it.

-- How each kind is found by age. ledger_age served all tenants at once.
create index ledger_due on eaf.ledger (tenant_id, at);
drop index eaf.ledger_age;
create index audit_denials on eaf.audit (tenant_id, at) where outcome = 'denied';
create index audit_refusals on eaf.audit (tenant_id, at)
  where act = 'command.give' and outcome <> 'denied' and outcome <> 'ok';
create index mail_told on eaf.mail_log (tenant_id, updated_at) where status in ('sent', 'failed', 'skipped', 'unknown');

-- Per row of an anchor 5 bytes, in the order of its hashes: what may delete it (0 nothing, 1 denials, 2 refusals, 3 journals)
-- and the day of the row. Null: anchored by a host of the release before.
alter table eaf.anchor add column audit_marks bytea, add column journal_marks bytea;
-- Of retention.prune: `5:10 6:7`, of anchor 5 ten rows and of anchor 6 seven.
alter table eaf.audit add column pruned text;

-- Which tenants' rows have waited long enough to be anchored.
grant select (at) on eaf.audit to eaf_platform;
grant select (started_at, done_at) on eaf.journal to eaf_platform;

-- For the tenant of the transaction: what is anchored, at most so many rows at once, of those from before this instant. Answers
-- of which anchor how many; null: rows of no anchor, such as calls without an end. No row: nothing was left to do.
create function eaf.prune_anchored(_what text, _before timestamptz, _most integer)
returns table (anchor bigint, pruned bigint)
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set enable_seqscan = off    -- a plan made while the tables were tiny lives as long as the session
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
      -- Also of runs that called nothing.
      if cardinality(ended) > 0 then return query select null::bigint, 0::bigint; end if;
    else
      raise exception 'nothing called % is pruned', _what using errcode = '22023';
  end case;
end $$;
revoke all on function eaf.prune_anchored(text, timestamptz, integer) from public;
grant execute on function eaf.prune_anchored(text, timestamptz, integer) to eaf_app;
comment on function eaf.prune_anchored(text, timestamptz, integer) is 'as owner for eaf_app';

-- An operator's equal denials of an hour are one act of the chain, and are counted here.
create table eaf.platform_denial (
  id    uuid   primary key,
  nr    bigint unique,                    -- of the act in eaf.platform_audit
  count bigint not null default 1 check (count > 0)
);
comment on table eaf.platform_denial is 'without tenant';
grant select, insert, update (nr, count) on eaf.platform_denial to eaf_platform;
