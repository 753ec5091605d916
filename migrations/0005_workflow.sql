-- Durable workflows: runs and their journals. A run is replayed from its journal after a crash.

-- Runs. The row of an ended run stays, so that its event starts no second run.
create table eaf.run (
  tenant_id         uuid        not null,
  run_id            uuid        not null,             -- derived from tenant, workflow and event
  plugin            text        not null,
  digest            text        not null,             -- of the package that started the run
  workflow          text        not null,
  event_id          uuid        not null,
  event_pos         bigint      not null,
  key               text        not null,             -- id of the business thing
  subject           uuid        not null,             -- whose key seals the journal
  trace             text        not null,
  state             text        not null default 'open' check (state in ('open', 'done', 'failed', 'stopped')),
  due_at            timestamptz          default clock_timestamp(),    -- null: the run has ended
  waiting_code      text,                             -- reason of the wait; null: none
  waiting           jsonb,
  attempts          integer     not null default 0,
  lease_host        uuid,
  lease_fence       bigint      not null default 0,
  lease_until       timestamptz,
  result            bytea,                            -- sealed
  failure           jsonb,                            -- class and code, or the divergence
  created_at        timestamptz not null default clock_timestamp(),
  updated_at        timestamptz not null default clock_timestamp(),
  ended_at          timestamptz,
  journal_pruned_at timestamptz,
  primary key (tenant_id, run_id),
  check ((state = 'open') = (due_at is not null))
);
create index run_due on eaf.run (due_at) where state = 'open';
create index run_recent on eaf.run (tenant_id, created_at desc, run_id);
create index run_key on eaf.run (tenant_id, plugin, key);
create index run_trace on eaf.run (tenant_id, trace);
create index run_subject on eaf.run (tenant_id, subject);
create index run_ended on eaf.run (tenant_id, ended_at) where ended_at is not null and journal_pruned_at is null;
select eaf.tenant_table('eaf.run');
select eaf.platform_table('eaf.run');
grant select, insert on eaf.run to eaf_app;
grant update (state, due_at, waiting_code, waiting, attempts, lease_host, lease_fence, lease_until, result, failure, updated_at,
              ended_at) on eaf.run to eaf_app;
grant select (tenant_id, run_id, plugin, digest, state, due_at, lease_until) on eaf.run to eaf_platform;

-- Host calls of runs, which the audit trail shows as well. Name and outcome are in clear; arguments
-- and result are sealed under the key of the run's subject.
create table eaf.journal (
  tenant_id       uuid        not null,
  run_id          uuid        not null,
  seq             integer     not null check (seq between 1 and 2000),
  capability      text        not null,
  grant_name      text,
  function        text        not null,
  args            bytea       not null,               -- sealed
  idempotency_key text        not null,
  state           text        not null check (state in ('intent', 'pending', 'done')),
  handle          bytea,                              -- sealed
  progress        smallint    check (progress between 0 and 100),
  poll_at         timestamptz,
  attempts        integer     not null default 0,
  retry_at        timestamptz,
  retry_code      text,
  result          bytea,                              -- sealed
  outcome         text,                               -- `ok` or a failure's code
  detail          text,                               -- message of the failure; no personal data
  target          text,                               -- such as a machine's id; no personal data
  started_at      timestamptz not null default clock_timestamp(),
  done_at         timestamptz,
  anchor          bigint,                             -- null: not anchored; only done rows are
  primary key (tenant_id, run_id, seq),
  foreign key (tenant_id, run_id) references eaf.run (tenant_id, run_id),
  check ((state = 'done') = (result is not null))
);
-- Calls to other systems, for the audit. Calls of a run to its own host are no acts.
create index journal_calls on eaf.journal (tenant_id, started_at, run_id, seq)
  where capability <> 'flow' and function <> 'open';
create index journal_anchor on eaf.journal (tenant_id, anchor);
select eaf.tenant_table('eaf.journal');
select eaf.platform_table('eaf.journal');
grant select, insert on eaf.journal to eaf_app;
grant update (state, handle, progress, poll_at, attempts, retry_at, retry_code, result, outcome, detail, target, done_at, anchor)
  on eaf.journal to eaf_app;
-- For finding tenants whose rows wait for an anchor.
grant select (tenant_id, state, started_at, done_at, anchor) on eaf.journal to eaf_platform;
