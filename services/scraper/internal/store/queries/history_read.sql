-- name: ListHistory :many
-- What changed in the window after a revision, in the order of the changes.
SELECT h.captured_at, h.revision, b.bookmaker, h.available, h.outcomes
FROM market_odds_history h JOIN bookmakers b USING (bookmaker_id)
WHERE h.sr_id = @sr_id AND h.market_id = @market_id AND h.line IS NOT DISTINCT FROM sqlc.narg(line)::smallint
    AND b.bookmaker = ANY (@bookmakers::text[])
    AND h.captured_at >= @captured_from::timestamptz AND h.captured_at < @captured_to::timestamptz
    AND h.revision > @after::bigint
ORDER BY h.revision
LIMIT @most::integer;

-- name: ListHistoryBefore :many
-- Each bookmaker's last change before what ListHistory answers.
SELECT DISTINCT ON (h.bookmaker_id) h.captured_at, h.revision, b.bookmaker, h.available, h.outcomes
FROM market_odds_history h JOIN bookmakers b USING (bookmaker_id)
WHERE h.sr_id = @sr_id AND h.market_id = @market_id AND h.line IS NOT DISTINCT FROM sqlc.narg(line)::smallint
    AND b.bookmaker = ANY (@bookmakers::text[])
    AND h.captured_at < @captured_to::timestamptz
    AND (h.captured_at < @captured_from::timestamptz OR h.revision <= @after::bigint)
ORDER BY h.bookmaker_id, h.revision DESC;

-- name: ListHistoryGaps :many
-- Every change to unavailable and what followed it (1970 when nothing did), where that overlaps the window.
SELECT g.bookmaker, g.captured_at AS unavailable_from, coalesce(g.available_from, '1970-01-01 00:00+00')::timestamptz AS available_from
FROM (
    SELECT b.bookmaker, h.captured_at, h.available, h.revision,
        lead(h.captured_at) OVER (PARTITION BY h.bookmaker_id ORDER BY h.revision) AS available_from
    FROM market_odds_history h JOIN bookmakers b USING (bookmaker_id)
    WHERE h.sr_id = @sr_id AND h.market_id = @market_id AND h.line IS NOT DISTINCT FROM sqlc.narg(line)::smallint
        AND b.bookmaker = ANY (@bookmakers::text[])
) g
WHERE NOT g.available AND g.captured_at < @captured_to::timestamptz
    AND (g.available_from IS NULL OR g.available_from > @captured_from::timestamptz)
ORDER BY g.captured_at, g.bookmaker, g.revision
LIMIT @most::integer;
