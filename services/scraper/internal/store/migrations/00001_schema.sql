-- The schema in the field's words. Live rows are the same keys as the feed's log: an evicted key leaves events,
-- competitor_events and snapshots; market_odds_history and cycles keep what was.

-- +goose Up

CREATE TABLE bookmakers (
    bookmaker_id smallint PRIMARY KEY,
    bookmaker    text     NOT NULL UNIQUE
);
COMMENT ON TABLE bookmakers IS 'Who offers odds. Seeded by migrations, never by the scraper; ids keep the other tables small.';

INSERT INTO bookmakers (bookmaker_id, bookmaker)
VALUES (1, 'betpawa'), (2, 'sportybet'), (3, 'bet9ja');

CREATE TABLE tournaments (
    tournament_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    sport         text NOT NULL,
    country       text NOT NULL,
    tournament    text NOT NULL,
    UNIQUE (sport, country, tournament)
);
COMMENT ON TABLE tournaments IS 'Tournaments of events. They stay when their last event goes: there are few, and they come back.';

CREATE TABLE events (
    sr_id            text        PRIMARY KEY CHECK (sr_id ~ '^[0-9]{1,20}$'),
    revision         bigint      NOT NULL,
    -- Deferrable, so that one statement may pass an id from one event to another; checked when the statement ends.
    betpawa_event_id text        UNIQUE DEFERRABLE INITIALLY IMMEDIATE,
    name             text        NOT NULL,
    home_team        text        NOT NULL,
    away_team        text        NOT NULL,
    kickoff          timestamptz NOT NULL,
    tournament_id    integer     NOT NULL REFERENCES tournaments
);
COMMENT ON TABLE events IS 'Upcoming matches, and those within the grace after kickoff, by SportRadar id.';
COMMENT ON COLUMN events.revision IS 'Revision of the event''s entry in the feed.';
COMMENT ON COLUMN events.betpawa_event_id IS 'NULL while only competitors list the event.';

CREATE TABLE competitor_events (
    bookmaker_id        smallint NOT NULL REFERENCES bookmakers,
    competitor_event_id text     NOT NULL,
    sr_id               text     NOT NULL REFERENCES events ON DELETE CASCADE,
    PRIMARY KEY (bookmaker_id, competitor_event_id),
    UNIQUE (sr_id, bookmaker_id)
);
COMMENT ON TABLE competitor_events IS 'Events as competitors list them, at most one of each competitor for an event.';

CREATE TABLE snapshots (
    bookmaker_id          smallint    NOT NULL REFERENCES bookmakers,
    bookmaker_event_id    text        NOT NULL,
    revision              bigint      NOT NULL,
    confirmation_revision bigint,
    captured_at           timestamptz NOT NULL,
    last_confirmed_at     timestamptz NOT NULL,
    requested_at          timestamptz NOT NULL,
    content               bytea       NOT NULL,
    PRIMARY KEY (bookmaker_id, bookmaker_event_id)
) WITH (
    -- Content always goes out of line, so that the rows a confirmation rewrites stay below 130 bytes; half a page is
    -- left free for their next versions, which then need no index entry.
    toast_tuple_target = 128, fillfactor = 50,
    autovacuum_vacuum_scale_factor = 0.1, toast.autovacuum_vacuum_scale_factor = 0.1
);
ALTER TABLE snapshots ALTER COLUMN content SET STORAGE EXTERNAL;
COMMENT ON TABLE snapshots IS 'The newest content of each event at each bookmaker.';
COMMENT ON COLUMN snapshots.revision IS 'Revision of the content''s entry in the feed, and its snapshot_id.';
COMMENT ON COLUMN snapshots.confirmation_revision IS 'Revision of the confirmation''s entry in the feed; NULL while the content has not been seen again.';
COMMENT ON COLUMN snapshots.captured_at IS 'When the content last changed.';
COMMENT ON COLUMN snapshots.last_confirmed_at IS 'When it was last seen to be so.';
COMMENT ON COLUMN snapshots.requested_at IS 'When the capture that last said so was asked for; an earlier one is refused.';
COMMENT ON COLUMN snapshots.content IS 'Markets as in CachedSnapshot.markets, framed protobuf, compressed with zstd.';

CREATE TABLE cycles (
    cycle_id               uuid        PRIMARY KEY,
    status                 text        NOT NULL CHECK (status IN ('RUNNING', 'SUCCEEDED', 'PARTIAL', 'FAILED')),
    started_at             timestamptz NOT NULL,
    finished_at            timestamptz,
    revision               bigint      UNIQUE,
    evict_kickoff_before   timestamptz,
    removed_events         text[]      NOT NULL DEFAULT '{}',
    removed_bookmaker_ids  smallint[]  NOT NULL DEFAULT '{}',
    removed_snapshots      text[]      NOT NULL DEFAULT '{}',
    results                jsonb       NOT NULL DEFAULT '[]',
    events                 bigint      NOT NULL DEFAULT 0,
    snapshots              bigint      NOT NULL DEFAULT 0,
    markets_changed        bigint      NOT NULL DEFAULT 0,
    reason                 text        NOT NULL DEFAULT '',
    CHECK ((status = 'RUNNING') = (finished_at IS NULL) AND (finished_at IS NULL) = (revision IS NULL)),
    CHECK (cardinality(removed_bookmaker_ids) = cardinality(removed_snapshots))
);
COMMENT ON TABLE cycles IS 'Cycles and exactly what their ends removed; the feed keeps those of the last 7 days.';
COMMENT ON COLUMN cycles.revision IS 'Revision of the cycle end''s entry in the feed.';
COMMENT ON COLUMN cycles.removed_snapshots IS 'bookmaker_event_ids, each of the bookmaker at the same place in removed_bookmaker_ids.';
COMMENT ON COLUMN cycles.results IS 'What each bookmaker contributed.';

CREATE TABLE market_odds_history (
    captured_at  timestamptz NOT NULL,
    revision     bigint      NOT NULL,
    bookmaker_id smallint    NOT NULL,
    line         smallint,
    available    boolean     NOT NULL,
    sr_id        text        NOT NULL,
    market_id    text        NOT NULL,
    outcomes     json        NOT NULL
) PARTITION BY RANGE (captured_at);
-- Without captured_at, equal keys of a day share one index entry: a sixth of the size, and who asks for a market's
-- history reads all its rows of a day anyway.
CREATE INDEX market_odds_history_market ON market_odds_history (sr_id, market_id);
COMMENT ON TABLE market_odds_history IS 'One row for each market that changed, the first time included, and for each that became unavailable. A partition a UTC day.';
COMMENT ON COLUMN market_odds_history.revision IS 'The snapshot_id of the content that the row belongs to.';
COMMENT ON COLUMN market_odds_history.line IS 'In quarters; NULL for a market without a line, which is not line 0.';
COMMENT ON COLUMN market_odds_history.available IS 'Whether the bookmaker offered the market; if not, the outcomes are the last ones seen.';
COMMENT ON COLUMN market_odds_history.outcomes IS '[["1",2.1],["X",3.4],["2",3.55,false]]: name, odds, and false when it cannot be bet on.';

CREATE TABLE feed_state (
    singleton            boolean     PRIMARY KEY DEFAULT true CHECK (singleton),
    epoch                uuid        NOT NULL DEFAULT gen_random_uuid(),
    revision             bigint      NOT NULL DEFAULT 0,
    floor                bigint      NOT NULL DEFAULT 0,
    evict_kickoff_before timestamptz,
    term                 bigint      NOT NULL DEFAULT 0,
    holder               text,
    lease_until          timestamptz
);
COMMENT ON TABLE feed_state IS 'One row: the feed''s revision and the writer''s lease. Every commit of the writer updates it.';
COMMENT ON COLUMN feed_state.epoch IS 'Names this history of revisions, together with feed_identity().';
COMMENT ON COLUMN feed_state.floor IS 'Cycle ends up to this revision are not in the log any more.';
COMMENT ON COLUMN feed_state.evict_kickoff_before IS 'Cutoff of the last eviction; it never goes back.';
COMMENT ON COLUMN feed_state.term IS 'Grows with every writer and fences the ones before.';
COMMENT ON COLUMN feed_state.lease_until IS 'By clock_timestamp(); NULL when the lease was given back.';
INSERT INTO feed_state DEFAULT VALUES;

-- +goose Down
DROP TABLE feed_state, market_odds_history, cycles, snapshots, competitor_events, events, tournaments, bookmakers;
