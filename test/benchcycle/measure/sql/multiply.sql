-- Makes $1 more copies of every event under other ids, each with links, snapshots, content and confirmations of its
-- own revisions, as if that many times more were offered. Nobody may write meanwhile.
WITH head AS (SELECT revision FROM feed_state),
more AS (SELECT copy FROM generate_series(1, $1::integer) copy),
new_events AS (
    INSERT INTO events (sr_id, revision, betpawa_event_id, name, home_team, away_team, kickoff, tournament_id)
    SELECT copy || lpad(sr_id, 12, '0'), e.revision + copy * head.revision, betpawa_event_id || '-' || copy,
        name, home_team, away_team, kickoff, tournament_id
    FROM events e, more, head
),
new_links AS (
    INSERT INTO competitor_events (bookmaker_id, competitor_event_id, sr_id)
    SELECT bookmaker_id, competitor_event_id || '-' || copy, copy || lpad(sr_id, 12, '0')
    FROM competitor_events, more
),
new_snapshots AS (
    INSERT INTO snapshots (bookmaker_id, bookmaker_event_id, revision, confirmation_revision, captured_at,
        last_confirmed_at, requested_at, content)
    SELECT bookmaker_id, bookmaker_event_id || '-' || copy, s.revision + copy * head.revision,
        confirmation_revision + copy * head.revision, captured_at, last_confirmed_at, requested_at, content
    FROM snapshots s, more, head
)
UPDATE feed_state SET revision = revision * ($1::integer + 1)
