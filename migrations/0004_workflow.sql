-- Durable workflows: runs and their journals.
-- Why: a run is replayed from its journal after a crash. A journal row is the audit row of its call as well, so what
-- the call was stands in clear and what it carried is sealed under the run's subject. Neither is ever deleted here.

create table eaf.run (
  tenant_id    uuid        not null,
  run_id       uuid        not null,      -- derived from tenant, workflow and event: one event starts a workflow once
  plugin       text        not null,
  digest       text        not null,      -- the package that it started on
  workflow     text        not null,
  event_id     uuid        not null,
  event_pos    bigint      not null,
  key          text        not null,      -- id of the business thing
  subject      uuid        not null,      -- under whose key the journal is sealed
  trace        text        not null,
  state        text        not null default 'open' check (state in ('open', 'done', 'failed', 'stopped')),
  due_at       timestamptz          default clock_timestamp(),   -- null: over
  waiting_code text,                      -- why it sleeps, for people; null: it does not
  waiting      jsonb,
  attempts     integer     not null default 0,
  lease_host   uuid,
  lease_fence  bigint      not null default 0,
  lease_until  timestamptz,
  result       bytea,                     -- sealed
  failure      jsonb,                     -- class and code, or both sides of a divergence; no payload
  created_at   timestamptz not null default clock_timestamp(),
  updated_at   timestamptz not null default clock_timestamp(),
  ended_at     timestamptz,
  primary key (tenant_id, run_id),
  check ((state = 'open') = (due_at is not null))
);
create index run_due on eaf.run (due_at) where state = 'open';
create index run_recent on eaf.run (tenant_id, created_at desc, run_id);
create index run_key on eaf.run (tenant_id, plugin, key);

create table eaf.journal (
  tenant_id       uuid        not null,
  run_id          uuid        not null,
  seq             integer     not null check (seq between 1 and 2000),
  capability      text        not null,
  grant_name      text,
  function        text        not null,
  args            bytea       not null,   -- sealed
  idempotency_key text        not null,
  state           text        not null check (state in ('intent', 'pending', 'done')),
  handle          bytea,                  -- sealed
  progress        smallint    check (progress between 0 and 100),
  poll_at         timestamptz,
  attempts        integer     not null default 0,
  retry_at        timestamptz,
  retry_code      text,
  result          bytea,                  -- sealed
  outcome         text,                   -- `ok` or a failure's code
  target          text,                   -- what the call acted on, such as a machine's identity; no personal data
  started_at      timestamptz not null default clock_timestamp(),
  done_at         timestamptz,
  primary key (tenant_id, run_id, seq),
  foreign key (tenant_id, run_id) references eaf.run (tenant_id, run_id),
  check ((state = 'done') = (result is not null))
);

select eaf.tenant_table('eaf.run');
select eaf.tenant_table('eaf.journal');
select eaf.platform_table('eaf.run');

grant select, insert on eaf.run to eaf_app;
grant update (state, due_at, waiting_code, waiting, attempts, lease_host, lease_fence, lease_until, result, failure, updated_at,
              ended_at) on eaf.run to eaf_app;
grant select (tenant_id, run_id, plugin, digest, state, due_at, lease_until) on eaf.run to eaf_platform;
grant select, insert on eaf.journal to eaf_app;
grant update (state, handle, progress, poll_at, attempts, retry_at, retry_code, result, outcome, target, done_at)
  on eaf.journal to eaf_app;
