-- For each event that at least two bookmakers offer: how far the instants at which they were last seen lie apart, in
-- seconds, of what was seen since a cycle began.
WITH listed AS (
    SELECT sr_id, 1::smallint AS bookmaker_id, betpawa_event_id AS id FROM events WHERE betpawa_event_id IS NOT NULL
    UNION ALL
    SELECT sr_id, bookmaker_id, competitor_event_id FROM competitor_events
)
SELECT extract(epoch FROM max(s.last_confirmed_at) - min(s.last_confirmed_at))::float8 AS skew
FROM listed l JOIN snapshots s ON s.bookmaker_id = l.bookmaker_id AND s.bookmaker_event_id = l.id
WHERE s.last_confirmed_at >= $1
GROUP BY l.sr_id HAVING count(*) > 1
