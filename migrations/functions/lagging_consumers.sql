-- revision: 1
-- Lists consumers of all tenants that need work: with lag, ahead of the log after a restore, of an
-- older epoch, due for a rebuild, or parked. Compares per tenant first and per consumer only where
-- one has lag, so that tenants without new events cost one pass over their checkpoints.
-- A consumer of an older epoch is listed once even without new events; its checkpoint then has the
-- present epoch. Definitions that are not active and retired workflows are not listed.
create or replace function eaf.lagging_consumers()
returns table (tenant_id uuid, plugin text, consumer text, view text, live boolean, pos bigint, head bigint, parked boolean, waits boolean, since timestamptz)
language sql stable set search_path = pg_catalog, pg_temp as $$
  with consumer as (
    select v.plugin, c.table_name as name, v.view, c.state = 'live' as live
    from eaf.view v join eaf.view_copy c on c.digest = v.digest where v.active
    union all select g.plugin, 'workflow/' || g.workflow, null, null from eaf.trigger g where g.retired_at is null),
  head as (
    select t.tenant_id, h.pos from eaf.tenant t
    cross join lateral (select e.pos from eaf.event e where e.tenant_id = t.tenant_id and e.lane = 0 order by e.pos desc limit 1) h),
  done as (
    select p.tenant_id, min(p.pos) as pos, max(p.pos) as furthest, count(*) as consumers, min(p.epoch) as epoch,
           bool_or(p.rebuild_at <= now()) as rebuild
    from eaf.checkpoint p join consumer c on c.plugin = p.plugin and c.name = p.consumer group by p.tenant_id),
  tenant as (
    select h.tenant_id, h.pos from head h cross join eaf.log_epoch l left join done d on d.tenant_id = h.tenant_id
    where d.pos is null or d.pos < h.pos or d.furthest > h.pos or d.rebuild or d.epoch <> l.epoch or d.consumers < (select count(*) from consumer))
  select t.tenant_id, c.plugin, c.name, c.view, c.live, coalesce(p.pos, 0), t.pos, p.retry_at is not null, coalesce(p.retry_at > now(), false),
         (select e.at from eaf.event e where e.tenant_id = t.tenant_id and e.lane = 0 and e.pos = coalesce(p.pos, 0) + 1)
  from tenant t cross join consumer c cross join eaf.log_epoch l
  left join eaf.checkpoint p on p.tenant_id = t.tenant_id and p.plugin = c.plugin and p.consumer = c.name
  where p.pos is null or p.pos <> t.pos or p.epoch <> l.epoch or p.rebuild_at <= now()
$$;
grant execute on function eaf.lagging_consumers to eaf_platform;
