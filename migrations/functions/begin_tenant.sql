-- revision: 2
-- Begins a tenant's transaction in one round trip: sets the tenant and checks the connection.
-- Called in the message that begins the transaction, so that now() is the time of the statement. A
-- different time means that a transaction was left open, whose writes might never be committed.
create or replace function eaf.begin_tenant(tenant uuid) returns void
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
grant execute on function eaf.begin_tenant to eaf_app;
