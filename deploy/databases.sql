-- The roles and databases of docker-compose.yml, made where they are missing; run by psql as the superuser of the cluster.
-- Passwords are set anew each time, from the files that the others read.
\set owner_password `cat :'owner_password_file'`
\set temporal_password `cat :'temporal_password_file'`

-- Owns our database and makes the four logins in it; it is no superuser.
select 'create role holdfast' where not exists (select from pg_roles where rolname = 'holdfast') \gexec
alter role holdfast login createrole nosuperuser nocreatedb password :'owner_password';
select 'create database holdfast owner holdfast' where not exists (select from pg_database where datname = 'holdfast') \gexec
revoke connect, temporary on database holdfast from public;

-- Owns Temporal's two databases and nothing else.
select 'create role temporal' where not exists (select from pg_roles where rolname = 'temporal') \gexec
alter role temporal login nocreaterole nosuperuser nocreatedb password :'temporal_password';
select format('create database %I owner temporal', name) from unnest(array['temporal', 'temporal_visibility']) as name
  where not exists (select from pg_database where datname = name) \gexec
revoke connect, temporary on database temporal from public;
revoke connect, temporary on database temporal_visibility from public;
