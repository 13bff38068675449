-- name: GrantScraper :exec
SELECT grant_scraper((@role::text)::name);
