-- name: MakePartition :one
SELECT history_make_partition(@day::date)::boolean;

-- name: DropDay :one
-- Drops the oldest day past retention, if any, or says why not.
SELECT coalesce(partition, '')::text AS partition, dropped_rows::bigint AS dropped_rows, due::integer AS due,
    coalesce(refusal, '')::text AS refusal, database_clock::timestamptz AS database_clock
FROM history_drop_day(@retention_days::integer, @caller_clock::timestamptz);

-- name: HistoryClock :one
SELECT history_clock()::timestamptz;

-- name: ListPartitions :many
-- The days that have a partition, without a lock on any of them.
SELECT to_date(right(c.relname, 8), 'YYYYMMDD')::date AS day
FROM pg_catalog.pg_inherits i JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid
WHERE i.inhparent = 'public.market_odds_history'::regclass AND c.relname ~ '^market_odds_history_[0-9]{8}$'
ORDER BY 1;
