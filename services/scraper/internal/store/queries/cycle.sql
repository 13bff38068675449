-- name: BeginCycle :one
-- Idempotent: an insert whose commit got no answer may be repeated.
INSERT INTO cycles (cycle_id, status, started_at) VALUES ((@cycle_id::text)::uuid, 'RUNNING', @started_at)
ON CONFLICT (cycle_id) DO UPDATE SET cycle_id = excluded.cycle_id
RETURNING status, started_at;

-- name: EndCycle :execrows
UPDATE cycles
SET status = @status, started_at = @started_at, finished_at = @finished_at::timestamptz, revision = @revision::bigint,
    evict_kickoff_before = @evict_kickoff_before, removed_events = @removed_events::text[],
    removed_bookmaker_ids = @removed_bookmaker_ids::smallint[], removed_snapshots = @removed_snapshots::text[],
    results = @results, events = @events, snapshots = @snapshots, markets_changed = @markets_changed, reason = @reason,
    clocks = @clocks
WHERE cycle_id = (@cycle_id::text)::uuid AND status = 'RUNNING';

-- name: DeleteEvents :execrows
DELETE FROM events WHERE sr_id = ANY (@sr_ids::text[]);

-- name: DeleteSnapshots :execrows
DELETE FROM snapshots s
USING (SELECT unnest(@bookmaker_ids::smallint[]) AS bookmaker_id, unnest(@ids::text[]) AS id) gone
WHERE s.bookmaker_id = gone.bookmaker_id AND s.bookmaker_event_id = gone.id;

-- name: DeleteOldCycles :exec
DELETE FROM cycles c USING feed_state f
WHERE c.revision <= f.floor AND c.finished_at < @before::timestamptz;

-- name: RunningCycles :many
SELECT cycle_id::text AS cycle_id, started_at FROM cycles WHERE status = 'RUNNING' ORDER BY started_at, cycle_id;

-- name: ListCycles :many
-- In the order of their ends, which no clock decides; one that runs comes first.
SELECT cycle_id::text AS cycle_id, status, started_at, finished_at, coalesce(revision, 0)::bigint AS revision, results,
    events, snapshots, markets_changed, cardinality(removed_events)::bigint AS evicted_events, reason, clocks
FROM cycles
WHERE @before::text = '' OR cycles.revision < (
    SELECT coalesce(b.revision, 9223372036854775807) FROM cycles b WHERE b.cycle_id = NULLIF(@before::text, '')::uuid)
ORDER BY cycles.revision DESC NULLS FIRST, cycles.cycle_id DESC LIMIT @most::integer;

-- name: GetCycle :one
SELECT cycle_id::text AS cycle_id, status, started_at, finished_at, coalesce(revision, 0)::bigint AS revision, results,
    events, snapshots, markets_changed, cardinality(removed_events)::bigint AS evicted_events, reason, clocks
FROM cycles WHERE cycle_id = (@cycle_id::text)::uuid;
