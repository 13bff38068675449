-- What the scraper may do beyond rows: make and drop the history's partitions. The functions run with the rights of
-- the role that migrates, so the scraper's own role needs no DDL.

-- +goose Up

-- +goose StatementBegin
CREATE FUNCTION history_make_partition(day date) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    partition text := 'market_odds_history_' || to_char(day, 'YYYYMMDD');
BEGIN
    IF day IS NULL OR day NOT BETWEEN '2000-01-01' AND '2199-12-31' THEN
        RAISE EXCEPTION 'no partition for day %', day USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF to_regclass('public.' || partition) IS NOT NULL THEN
        RETURN false;
    END IF;
    -- One at a time; the second comer finds the table.
    PERFORM pg_advisory_xact_lock(7401, 1);
    IF to_regclass('public.' || partition) IS NOT NULL THEN
        RETURN false;
    END IF;
    -- Attaching takes a lock that lets writers of the other partitions go on; CREATE TABLE … PARTITION OF would not.
    EXECUTE format('CREATE TABLE public.%I (LIKE public.market_odds_history INCLUDING ALL)', partition);
    EXECUTE format('ALTER TABLE public.market_odds_history ATTACH PARTITION public.%I FOR VALUES FROM (%L) TO (%L)',
        partition, day::timestamp AT TIME ZONE 'UTC', (day + 1)::timestamp AT TIME ZONE 'UTC');
    RETURN true;
END
$$;
-- +goose StatementEnd
COMMENT ON FUNCTION history_make_partition IS 'Makes the partition of a UTC day; false when there is one.';

-- +goose StatementBegin
CREATE FUNCTION history_drop_partition(before date) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '200ms' AS $$
DECLARE
    partition text;
BEGIN
    SELECT c.relname INTO partition
    FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = 'public.market_odds_history'::regclass
      AND c.relname ~ '^market_odds_history_[0-9]{8}$'
      AND to_date(right(c.relname, 8), 'YYYYMMDD') < before
    ORDER BY c.relname LIMIT 1;
    IF partition IS NOT NULL THEN
        EXECUTE format('DROP TABLE public.%I', partition);
    END IF;
    RETURN partition;
END
$$;
-- +goose StatementEnd
COMMENT ON FUNCTION history_drop_partition IS
    'Drops the oldest partition of a day before the given one and returns its name, NULL when there is none. It gives '
    'up (lock_not_available) instead of making writers queue behind it; call it again later.';

-- +goose StatementBegin
CREATE FUNCTION feed_identity() RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    cluster  text := '0';
    timeline text := '0';
BEGIN
    -- Some hosts withhold these from ordinary roles. Then the rest still tells a dump that was restored.
    BEGIN
        SELECT system_identifier::text INTO cluster FROM pg_control_system();
    EXCEPTION WHEN insufficient_privilege OR undefined_function THEN
        cluster := '0';
    END;
    -- Of the log that is being written: the control file's timeline lags behind a promotion.
    BEGIN
        timeline := ltrim(left(pg_walfile_name(pg_current_wal_lsn()), 8), '0');
    EXCEPTION WHEN insufficient_privilege OR undefined_function THEN
        timeline := '0';
    END;
    RETURN cluster || '.' || timeline || '.'
        || (SELECT oid FROM pg_database WHERE datname = current_database()) || '.'
        || 'public.feed_state'::regclass::oid;
END
$$;
-- +goose StatementEnd
COMMENT ON FUNCTION feed_identity IS
    'Cluster, timeline, database and table: with feed_state.epoch the name of this history of revisions. A dump that is '
    'restored, a standby that is promoted and a database that is copied get another name.';

-- +goose StatementBegin
CREATE FUNCTION grant_scraper(role name) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    EXECUTE format('GRANT USAGE ON SCHEMA public TO %I', role);
    EXECUTE format('GRANT SELECT ON public.bookmakers TO %I', role);
    EXECUTE format('GRANT SELECT, INSERT ON public.tournaments TO %I', role);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON public.events, public.competitor_events, '
        'public.snapshots, public.cycles TO %I', role);
    EXECUTE format('GRANT SELECT, INSERT ON public.market_odds_history TO %I', role);
    EXECUTE format('GRANT SELECT, UPDATE ON public.feed_state TO %I', role);
    EXECUTE format('GRANT EXECUTE ON FUNCTION public.history_make_partition(date), '
        'public.history_drop_partition(date), public.feed_identity() TO %I', role);
END
$$;
-- +goose StatementEnd
COMMENT ON FUNCTION grant_scraper IS 'Grants a role the least rights that the scraper needs. Run by migrate.';

REVOKE EXECUTE ON FUNCTION history_make_partition, history_drop_partition, grant_scraper FROM PUBLIC;

-- +goose Down
DROP FUNCTION grant_scraper, feed_identity, history_drop_partition, history_make_partition;
