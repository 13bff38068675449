-- The history is dropped by the database's clock alone, and nothing waits long for the history's upkeep.
--
-- What is past retention is judged by the database's today. One day goes at a time, and one that has rows goes only
--
--   * when the caller's clock and the database's differ by a minute at most: either of them may be the wrong one;
--   * when a later day has rows: the newest rows stay, whatever both clocks say;
--   * when no other day is due, as on an ordinary night, or when upkeep has seen the database's clock run for an hour
--     without a jump of a day. Several days are due at once after a long stop, after retention was shortened, and when
--     both clocks are wrong, as on a host that starts with a wrong time: the hour is there for somebody to notice.

-- +goose Up

CREATE TABLE history_upkeep (
    singleton  boolean     PRIMARY KEY DEFAULT true CHECK (singleton),
    seen_from  timestamptz NOT NULL,
    seen_until timestamptz NOT NULL
);
COMMENT ON TABLE history_upkeep IS 'One row once upkeep has run: from when to when it has seen the database''s clock run without a jump of a day.';

CREATE FUNCTION history_clock() RETURNS timestamptz
LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp AS 'SELECT clock_timestamp()';
COMMENT ON FUNCTION history_clock IS 'The clock that the history''s days are counted by. Tests replace it.';

-- +goose StatementBegin
CREATE FUNCTION history_drop_day(
    retention_days integer, caller_clock timestamptz,
    OUT partition text, OUT dropped_rows bigint, OUT due integer, OUT refusal text, OUT database_clock timestamptz
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '200ms' AS $$
DECLARE
    oldest     date;
    seen_since timestamptz;
    rows_kept  boolean;
BEGIN
    IF retention_days IS NULL OR retention_days < 1 OR caller_clock IS NULL THEN
        RAISE EXCEPTION 'a retention of % days by clock % is none', retention_days, caller_clock
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    PERFORM pg_advisory_xact_lock(7401, 1); -- one at a time, and not beside one that makes partitions
    database_clock := public.history_clock();
    INSERT INTO public.history_upkeep AS seen (seen_from, seen_until) VALUES (database_clock, database_clock)
    ON CONFLICT (singleton) DO UPDATE SET seen_until = database_clock, seen_from = CASE
        WHEN database_clock BETWEEN seen.seen_until - interval '1 minute' AND seen.seen_until + interval '1 day'
        THEN seen.seen_from ELSE database_clock END
    RETURNING seen_from INTO seen_since;

    SELECT count(*), min(p.day) INTO due, oldest
    FROM (
        SELECT to_date(right(c.relname, 8), 'YYYYMMDD') AS day
        FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = 'public.market_odds_history'::regclass AND c.relname ~ '^market_odds_history_[0-9]{8}$'
    ) p
    WHERE p.day < (database_clock AT TIME ZONE 'UTC')::date - retention_days;
    dropped_rows := 0;
    IF abs(extract(epoch FROM caller_clock - database_clock)) > 60 THEN
        refusal := 'CLOCKS_DISAGREE';
        RETURN;
    END IF;
    IF due = 0 THEN
        RETURN;
    END IF;

    partition := 'market_odds_history_' || to_char(oldest, 'YYYYMMDD');
    EXECUTE format('SELECT count(*) FROM public.%I', partition) INTO dropped_rows;
    IF dropped_rows > 0 THEN
        SELECT EXISTS (SELECT FROM public.market_odds_history
            WHERE captured_at >= (oldest + 1)::timestamp AT TIME ZONE 'UTC') INTO rows_kept;
        IF NOT rows_kept THEN
            refusal := 'NEWEST_ROWS';
            RETURN;
        ELSIF due > 1 AND database_clock - seen_since < interval '1 hour' THEN
            refusal := 'CLOCK_JUMPED';
            RETURN;
        END IF;
    END IF;
    EXECUTE format('DROP TABLE public.%I', partition);
    RAISE LOG 'dropped partition % of the history with % rows', partition, dropped_rows;
END
$$;
-- +goose StatementEnd
COMMENT ON FUNCTION history_drop_day IS
    'Drops the oldest day of the history that is past retention by the database''s clock, and says how many days were due. '
    'With a refusal the partition is one that stays. It gives up (lock_not_available) instead of making writers queue '
    'behind it; call it again later.';

-- +goose StatementBegin
CREATE OR REPLACE FUNCTION history_drop_partition(before date) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'a date of the caller''s clock drops no history any more' USING
        ERRCODE = 'feature_not_supported', HINT = 'history_drop_day drops by the database''s clock';
END
$$;
-- +goose StatementEnd
COMMENT ON FUNCTION history_drop_partition IS 'What scrapers before history_drop_day call; it drops nothing.';

-- A partition is made days before it is needed, so there is time to try again; and a commit that needs one now must not
-- wait for as long as somebody holds the lock.
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION history_make_partition(day date) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '1s' AS $$
DECLARE
    partition text := 'market_odds_history_' || to_char(day, 'YYYYMMDD');
BEGIN
    IF day IS NULL OR day NOT BETWEEN '2000-01-01' AND '2199-12-31' THEN
        RAISE EXCEPTION 'no partition for day %', day USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF to_regclass('public.' || partition) IS NOT NULL THEN
        RETURN false;
    END IF;
    -- One at a time; the second comer finds the table. to_regclass would remember that there was none.
    PERFORM pg_advisory_xact_lock(7401, 1);
    IF EXISTS (SELECT FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relname = partition) THEN
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

-- +goose StatementBegin
CREATE OR REPLACE FUNCTION grant_scraper(role name) RETURNS void
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
        'public.history_drop_partition(date), public.history_drop_day(integer, timestamptz), public.history_clock(), '
        'public.feed_identity() TO %I', role);
END
$$;
-- +goose StatementEnd

REVOKE EXECUTE ON FUNCTION history_drop_day FROM PUBLIC;

-- +goose Down

-- +goose StatementBegin
CREATE OR REPLACE FUNCTION grant_scraper(role name) RETURNS void
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

-- +goose StatementBegin
CREATE OR REPLACE FUNCTION history_drop_partition(before date) RETURNS text
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

-- +goose StatementBegin
CREATE OR REPLACE FUNCTION history_make_partition(day date) RETURNS boolean
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

DROP FUNCTION history_drop_day, history_clock;
DROP TABLE history_upkeep;
