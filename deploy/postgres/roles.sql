-- The two roles of the scraper's database, for psql 14 or newer as a superuser, connected to that database:
--
--   ODDSCACHE_OWNER_PASSWORD=… ODDSCACHE_SCRAPER_PASSWORD=… psql -X -v ON_ERROR_STOP=1 -d oddscache -f roles.sql
--
-- oddscache_owner owns the schema: "scraper migrate" connects as it, and grants the other one its rights.
-- oddscache_scraper reads and writes rows and makes nothing: "scraper serve" connects as it.
--
-- It may be run again, for instance with new passwords. The compose stack runs it when the volume is new.

\getenv owner_password ODDSCACHE_OWNER_PASSWORD
\getenv scraper_password ODDSCACHE_SCRAPER_PASSWORD

SELECT format('CREATE ROLE %I', role)
FROM unnest(ARRAY['oddscache_owner', 'oddscache_scraper']) AS role
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role)
\gexec

ALTER ROLE oddscache_owner LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD :'owner_password';
ALTER ROLE oddscache_scraper LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD :'scraper_password';

-- Schema public belongs to the database's owner. Nobody else may connect, or sees what is in it.
SELECT format('ALTER DATABASE %I OWNER TO oddscache_owner', current_database())
\gexec
SELECT format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database())
\gexec
SELECT format('GRANT CONNECT ON DATABASE %I TO oddscache_scraper', current_database())
\gexec
REVOKE ALL ON SCHEMA public FROM PUBLIC;
