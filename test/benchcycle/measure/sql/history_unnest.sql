INSERT INTO market_odds_history (bookmaker_id, sr_id, market_id, line, revision, captured_at, available, outcomes)
SELECT b, s, m, nullif(l, 32767), r, c, a, o::json
FROM unnest($1::smallint[], $2::text[], $3::text[], $4::smallint[], $5::bigint[], $6::timestamptz[], $7::boolean[], $8::text[])
    AS n (b, s, m, l, r, c, a, o)
