-- The begin of a tenant's transaction in one round trip: which tenant it is for, and whether the connection is fit for it.
--
-- Why: each read of a list opens two or three transactions, and each asked its connection, began and named its tenant in
-- messages of their own.

-- Called in the message that begins the transaction, so that its time is that of the transaction: another time says that a
-- transaction was left open, and that what is written now might never be committed.
create function eaf.begin_tenant(tenant uuid) returns void
  language plpgsql volatile
as $$
begin
  if now() <> statement_timestamp() then
    raise exception 'a transaction was left open on the connection' using errcode = 'active_sql_transaction';
  end if;
  if current_setting('transaction_read_only') <> 'off' then
    raise exception 'the server only reads: it is a standby, or was replaced by a failover'
      using errcode = 'read_only_sql_transaction';
  end if;
  perform set_config('app.tenant_id', tenant::text, true);
end
$$;
grant execute on function eaf.begin_tenant(uuid) to eaf_app;
