-- name: ListBookmakers :many
SELECT bookmaker_id, bookmaker FROM bookmakers;

-- name: ListEvents :many
SELECT e.sr_id, e.revision, coalesce(e.betpawa_event_id, '')::text AS betpawa_event_id, e.name, e.home_team, e.away_team,
    e.kickoff, t.sport, t.country, t.tournament
FROM events e JOIN tournaments t USING (tournament_id);

-- name: ListCompetitorEvents :many
SELECT sr_id, bookmaker_id, competitor_event_id FROM competitor_events;

-- name: ListSnapshots :many
SELECT bookmaker_id, bookmaker_event_id, revision, coalesce(confirmation_revision, 0)::bigint AS confirmation_revision,
    captured_at, last_confirmed_at, requested_at, content
FROM snapshots;

-- name: ListCycleEnds :many
SELECT cycle_id::text AS cycle_id, status, finished_at::timestamptz AS finished_at, revision::bigint AS revision,
    evict_kickoff_before, removed_events, removed_bookmaker_ids, removed_snapshots
FROM cycles WHERE revision > @floor::bigint;
