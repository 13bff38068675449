-- name: TableSizes :many
-- Tables that hold rows themselves, with what the statistics collector knows of them. day is set for the history's
-- partitions.
SELECT c.relname::text AS table_name,
    coalesce(to_date(substring(c.relname FROM '^market_odds_history_([0-9]{8})$'), 'YYYYMMDD'), '0001-01-01')::date AS day,
    greatest(coalesce(s.n_live_tup, 0), c.reltuples, 0)::bigint AS live_rows,
    coalesce(s.n_dead_tup, 0)::bigint AS dead_rows,
    pg_total_relation_size(c.oid)::bigint AS bytes,
    pg_indexes_size(c.oid)::bigint AS index_bytes
FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_stat_all_tables s ON s.relid = c.oid
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'
ORDER BY c.relname;

-- name: DatabaseSize :one
SELECT pg_database_size(current_database())::bigint;

-- name: HistoryBegan :one
-- The first capture of a day, the end of time when there is none.
SELECT coalesce(min(captured_at), 'infinity')::text <> 'infinity' AS found,
    coalesce(min(captured_at), '2000-01-01')::timestamptz AS began
FROM market_odds_history
WHERE captured_at >= @day::timestamptz;
