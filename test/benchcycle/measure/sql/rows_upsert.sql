INSERT INTO market_rows (bookmaker_id, sr_id, market_id, line, revision, captured_at, available, name, outcomes)
SELECT b, s, m, l, r, c, a, 'Market type | Full Time', o::json
FROM unnest($1::smallint[], $2::text[], $3::text[], $4::smallint[], $5::bigint[], $6::timestamptz[], $7::boolean[], $8::text[])
    AS n (b, s, m, l, r, c, a, o)
ON CONFLICT (sr_id, bookmaker_id, market_id, line) DO UPDATE SET revision = excluded.revision,
    captured_at = excluded.captured_at, available = excluded.available, outcomes = excluded.outcomes
