-- name: AddBookmakers :exec
INSERT INTO bookmakers (bookmaker_id, bookmaker)
SELECT unnest(@bookmaker_ids::smallint[]), unnest(@bookmakers::text[])
ON CONFLICT DO NOTHING;

-- name: GrantScraper :exec
SELECT grant_scraper((@role::text)::name);
