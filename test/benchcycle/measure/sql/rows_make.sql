-- The alternative to one compressed payload a snapshot: a row for each market that is offered now, in a table of its
-- own, with an update's free space as generous as that of snapshots.
CREATE TABLE market_rows (
    bookmaker_id smallint    NOT NULL,
    sr_id        text        NOT NULL,
    market_id    text        NOT NULL,
    line         smallint    NOT NULL,
    revision     bigint      NOT NULL,
    captured_at  timestamptz NOT NULL,
    available    boolean     NOT NULL,
    name         text        NOT NULL,
    outcomes     json        NOT NULL,
    PRIMARY KEY (sr_id, bookmaker_id, market_id, line)
) WITH (fillfactor = 50, autovacuum_enabled = false);
INSERT INTO market_rows
SELECT DISTINCT ON (sr_id, bookmaker_id, market_id, coalesce(line, 32767)) bookmaker_id, sr_id, market_id, coalesce(line, 32767),
    revision, captured_at, available, 'Market type | Full Time', outcomes
FROM market_odds_history
ORDER BY sr_id, bookmaker_id, market_id, coalesce(line, 32767), revision DESC;
ANALYZE market_rows;
