-- The newest changes, as the columns of one statement: what a cycle with a few moved markets writes.
SELECT array_agg(bookmaker_id ORDER BY revision), array_agg(sr_id ORDER BY revision), array_agg(market_id ORDER BY revision),
    array_agg(coalesce(line, 32767) ORDER BY revision), array_agg(revision ORDER BY revision),
    array_agg(captured_at ORDER BY revision), array_agg(available ORDER BY revision), array_agg(outcomes::text ORDER BY revision)
FROM (SELECT * FROM market_odds_history ORDER BY revision DESC LIMIT $1) newest
