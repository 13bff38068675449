-- name: InsertTournaments :exec
INSERT INTO tournaments (sport, country, tournament)
SELECT unnest(@sports::text[]), unnest(@countries::text[]), unnest(@tournaments::text[])
ON CONFLICT DO NOTHING;

-- name: ListTournaments :many
SELECT tournament_id, sport, country, tournament FROM tournaments;

-- name: DeleteCompetitorEvents :execrows
DELETE FROM competitor_events c
USING (SELECT unnest(@bookmaker_ids::smallint[]) AS bookmaker_id, unnest(@ids::text[]) AS id) gone
WHERE c.bookmaker_id = gone.bookmaker_id AND c.competitor_event_id = gone.id;

-- name: UpsertEvents :exec
INSERT INTO events (sr_id, revision, betpawa_event_id, name, home_team, away_team, kickoff, tournament_id)
SELECT e.sr_id, e.revision, NULLIF(e.betpawa_event_id, ''), e.name, e.home_team, e.away_team, e.kickoff, e.tournament_id
FROM (
    SELECT unnest(@sr_ids::text[]) AS sr_id, unnest(@revisions::bigint[]) AS revision,
        unnest(@betpawa_event_ids::text[]) AS betpawa_event_id, unnest(@names::text[]) AS name,
        unnest(@home_teams::text[]) AS home_team, unnest(@away_teams::text[]) AS away_team,
        unnest(@kickoffs::timestamptz[]) AS kickoff, unnest(@tournament_ids::integer[]) AS tournament_id
) e
ON CONFLICT (sr_id) DO UPDATE SET revision = excluded.revision, betpawa_event_id = excluded.betpawa_event_id,
    name = excluded.name, home_team = excluded.home_team, away_team = excluded.away_team, kickoff = excluded.kickoff,
    tournament_id = excluded.tournament_id;

-- name: InsertCompetitorEvents :exec
INSERT INTO competitor_events (bookmaker_id, competitor_event_id, sr_id)
SELECT unnest(@bookmaker_ids::smallint[]), unnest(@ids::text[]), unnest(@sr_ids::text[]);

-- name: UpsertSnapshots :exec
INSERT INTO snapshots (bookmaker_id, bookmaker_event_id, revision, captured_at, last_confirmed_at, requested_at, content)
SELECT s.bookmaker_id, s.id, s.revision, s.captured_at, s.captured_at, s.requested_at, s.content
FROM (
    SELECT unnest(@bookmaker_ids::smallint[]) AS bookmaker_id, unnest(@ids::text[]) AS id,
        unnest(@revisions::bigint[]) AS revision, unnest(@captured_ats::timestamptz[]) AS captured_at,
        unnest(@requested_ats::timestamptz[]) AS requested_at, unnest(@contents::bytea[]) AS content
) s
ON CONFLICT (bookmaker_id, bookmaker_event_id) DO UPDATE SET revision = excluded.revision, confirmation_revision = NULL,
    captured_at = excluded.captured_at, last_confirmed_at = excluded.last_confirmed_at,
    requested_at = excluded.requested_at, content = excluded.content;

-- name: ConfirmSnapshots :execrows
UPDATE snapshots s
SET confirmation_revision = c.revision, last_confirmed_at = c.last_confirmed_at, requested_at = c.requested_at
FROM (
    SELECT unnest(@bookmaker_ids::smallint[]) AS bookmaker_id, unnest(@ids::text[]) AS id,
        unnest(@revisions::bigint[]) AS revision, unnest(@last_confirmed_ats::timestamptz[]) AS last_confirmed_at,
        unnest(@requested_ats::timestamptz[]) AS requested_at
) c
WHERE s.bookmaker_id = c.bookmaker_id AND s.bookmaker_event_id = c.id;
