-- The schema as text, one row per object, in the order in which it is read: tables by name, then
-- sequences and functions.
with
eaf_table as (
  select c.oid, format('%s', c.oid::regclass) as name, c.relrowsecurity, c.relforcerowsecurity, c.relowner, c.relacl
  from pg_class c
  where c.relnamespace = 'eaf'::regnamespace and c.relkind in ('r', 'p') and c.relname <> '_sqlx_migrations'),
part as (
  select t.oid, 1 as kind, a.attnum as nr,
    format('  %I %s%s%s%s', a.attname, format_type(a.atttypid, a.atttypmod),
      case when a.attcollation <> y.typcollation then ' collate "' || o.collname || '"' end,
      case when a.attgenerated <> '' then format(' generated always as (%s) stored', pg_get_expr(d.adbin, d.adrelid))
           when d.adbin is not null then ' default ' || pg_get_expr(d.adbin, d.adrelid) end,
      case when a.attnotnull then ' not null' end) as text
  from eaf_table t join pg_attribute a on a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped
  join pg_type y on y.oid = a.atttypid left join pg_collation o on o.oid = a.attcollation
  left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
  union all
  select t.oid, 2, row_number() over (partition by t.oid order by strpos('pufc', k.contype::text), k.conname),
    format('  constraint %I %s', k.conname, pg_get_constraintdef(k.oid))
  from eaf_table t join pg_constraint k on k.conrelid = t.oid and k.contype in ('p', 'u', 'f', 'c')),
grants as (
  select t.oid, pg_get_userbyid(a.grantee) as grantee,
    string_agg(lower(a.privilege_type), ', ' order by a.privilege_type) as privileges
  from eaf_table t, aclexplode(t.relacl) a where a.grantee <> t.relowner group by t.oid, a.grantee
  union all
  select c.oid, c.grantee, string_agg(format('%s (%s)', c.privilege, c.columns), ', ' order by c.privilege)
  from (
    select t.oid, pg_get_userbyid(a.grantee) as grantee, lower(a.privilege_type) as privilege,
      string_agg(quote_ident(c.attname), ', ' order by c.attnum) as columns
    from eaf_table t join pg_attribute c on c.attrelid = t.oid and not c.attisdropped, aclexplode(c.attacl) a
    group by t.oid, a.grantee, a.privilege_type) c
  group by c.oid, c.grantee),
statement as (
  select t.name, 1 as kind, '' as nr, format(E'create table %s (\n%s\n);', t.name,
      (select string_agg(p.text, E',\n' order by p.kind, p.nr) from part p where p.oid = t.oid)) as text
  from eaf_table t
  union all
  select t.name, 2, i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) || ';'
  from eaf_table t join pg_index i on i.indrelid = t.oid
  where not exists (select from pg_constraint k where k.conindid = i.indexrelid and k.contype in ('p', 'u'))
  union all
  select t.name, 3, '', format('alter table %s enable row level security;', t.name)
  from eaf_table t where t.relrowsecurity
  union all
  select t.name, 4, '', format('alter table %s force row level security;', t.name)
  from eaf_table t where t.relforcerowsecurity
  union all
  select t.name, 5, p.polname, format('create policy %I on %s%s%s to %s using (%s) with check (%s);', p.polname, t.name,
      case when not p.polpermissive then ' as restrictive' end, case when p.polcmd <> '*' then ' for ' || p.polcmd::text end,
      (select string_agg(pg_get_userbyid(r), ', ' order by pg_get_userbyid(r)) from unnest(p.polroles) r),
      pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid))
  from eaf_table t join pg_policy p on p.polrelid = t.oid
  union all
  select t.name, 6, g.grantee || ' ' || g.privileges, format('grant %s on %s to %s;', g.privileges, t.name, g.grantee)
  from eaf_table t join grants g on g.oid = t.oid),
object as (
  select 1 as kind, name, string_agg(text, E'\n' order by kind, nr collate "C") as text from statement group by name
  union all
  select 2, c.relname, format('create sequence %s;', c.oid::regclass)
  from pg_class c where c.relnamespace = 'eaf'::regnamespace and c.relkind = 'S'
  union all
  select 3, p.oid::regprocedure::text, format(E'create function %s(%s)\n  returns %s language %s%s%s;%s',
      p.oid::regproc, pg_get_function_arguments(p.oid), pg_get_function_result(p.oid), l.lanname,
      case p.provolatile when 'i' then ' immutable' when 's' then ' stable' end,
      case when p.prosecdef then ' security definer' end,
      (select string_agg(format(E'\ngrant execute on function %s to %s;', p.oid::regproc,
                                coalesce(pg_get_userbyid(nullif(a.grantee, 0)), 'public')), '' order by pg_get_userbyid(a.grantee))
       from aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a where a.grantee <> p.proowner))
  from pg_proc p join pg_language l on l.oid = p.prolang where p.pronamespace = 'eaf'::regnamespace)
select text from object order by kind, name collate "C"
