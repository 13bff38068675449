-- Sizes with indexes and TOAST, and how much was written to the log so far.
SELECT (SELECT count(*) FROM market_odds_history)::bigint,
    (SELECT coalesce(sum(pg_total_relation_size(inhrelid)), 0) FROM pg_inherits
     WHERE inhparent = 'market_odds_history'::regclass)::bigint,
    (pg_total_relation_size('snapshots') + pg_total_relation_size('events') + pg_total_relation_size('competitor_events')
     + pg_total_relation_size('tournaments') + pg_total_relation_size('cycles'))::bigint,
    (SELECT count(*) FROM snapshots)::bigint,
    (pg_current_wal_lsn() - '0/0')::bigint
