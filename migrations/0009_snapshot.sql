-- What a package made of a stream's first events, so that it need not read them again. May be emptied at any time: nothing
-- is lost but the time to read the events.
create table eaf.snapshot (
  tenant_id  uuid        not null,
  stream_id  uuid        not null,
  digest     text        not null,      -- of the package that made it: no other gets it back
  version    bigint      not null,      -- of the last event in it
  chain      bytea       not null,      -- that event's: after a restore the log may hold another one
  people     uuid[]      not null,      -- who can be read in it; sealed under all their keys
  key        bytea       not null,      -- of the state, sealed
  state      bytea       not null,      -- sealed under that key
  at         timestamptz not null default now(),
  primary key (tenant_id, stream_id, digest)
);
select eaf.tenant_table('eaf.snapshot');
grant select, insert, update, delete on eaf.snapshot to eaf_app;
