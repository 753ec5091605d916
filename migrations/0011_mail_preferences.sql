-- Mail preferences of people, and digests: mails that wait to be sent to a person as one mail.

-- How mails reach a member. Without a row, each mail is sent at once.
create table eaf.mail_preference (
  tenant_id  uuid        not null,
  actor_id   uuid        not null,
  delivery   text        not null check (delivery in ('at-once', 'daily')),
  hour       integer     not null check (hour between 0 and 23),    -- of the digest, in `time_zone`
  time_zone  text        not null,                -- such as Europe/Berlin
  off        text[]      not null,                -- kinds of mails that the person turned off: plugin/template
  updated_at timestamptz not null default clock_timestamp(),
  primary key (tenant_id, actor_id)
);
select eaf.tenant_table('eaf.mail_preference');
grant select, insert, update (delivery, hour, time_zone, off, updated_at), delete on eaf.mail_preference to eaf_app;

-- Next digest of a person; the row exists while mails wait for it. A lease on the row is the right
-- to send the digest.
create table eaf.mail_digest (
  tenant_id    uuid        not null,
  actor_id     uuid        not null,
  due_at       timestamptz not null,              -- by the host's clock
  leased_until timestamptz,                       -- end of the present lease, which is its fence too
  digest       text,                              -- Message-ID; null: there was no attempt to send it
  began_at     timestamptz,                       -- first attempt, by the host's clock
  primary key (tenant_id, actor_id)
);
create index mail_digest_due on eaf.mail_digest (due_at);
select eaf.tenant_table('eaf.mail_digest');
select eaf.platform_table('eaf.mail_digest');
grant select, insert, update (due_at, leased_until, digest, began_at), delete on eaf.mail_digest to eaf_app;
grant select (tenant_id, actor_id, due_at, leased_until), update (leased_until) on eaf.mail_digest to eaf_platform;

alter table eaf.mail_log
  add column collected_for timestamptz,           -- digest that a pending mail waits for; null: none
  add column digest        text;                  -- Message-ID of the digest that the mail is part of
grant update (collected_for, digest) on eaf.mail_log to eaf_app;
