-- Invitations: mail addresses that become members at their first sign-in. The address is deleted
-- when the invitation ends; the row stays, so that a later use of the link learns the reason.
create table eaf.invitation (
  tenant_id     uuid        not null,
  invitation_id uuid        not null,
  address       bytea,                   -- keyed digest of the mail address; null: ended
  sealed        bytea,                   -- mail address, under the invitation's own key; null: ended
  locale        text        not null check (locale in ('de', 'en')),
  roles         text[]      not null check (roles <> '{}'),
  groups        text[]      not null,
  invited_by    uuid        not null,
  created_at    timestamptz not null,    -- all times by the host's clock
  expires_at    timestamptz not null,
  mailed_at     timestamptz,             -- time when a mail server accepted the mail
  mail_error    text,                    -- code of the last failed attempt to send the mail
  ended         text        check (ended in ('accepted', 'withdrawn', 'expired')),
  ended_at      timestamptz,
  primary key (tenant_id, invitation_id),
  check ((ended is null) = (ended_at is null)),
  check ((ended is null) = (address is not null)),
  check ((ended is null) = (sealed is not null))
);
create unique index invitation_address on eaf.invitation (tenant_id, address) where address is not null;
select eaf.tenant_table('eaf.invitation');
grant select, insert, update (address, sealed, mailed_at, mail_error, ended, ended_at), delete on eaf.invitation to eaf_app;
