-- What a taker has to know of the lease that another holds, and what its holder proves with each renewal.

-- +goose Up

ALTER TABLE feed_state ADD COLUMN lease_seconds double precision;
COMMENT ON COLUMN feed_state.lease_seconds IS
    'Length of the holder''s lease. Whoever sees a lease that was not renewed for so long may take it, whatever '
    'lease_until says: the clock may have been set back. NULL when the holder is of a version that does not say.';

-- A renewal looks at the running cycles, of which there is one.
CREATE INDEX cycles_running ON cycles (cycle_id) WHERE status = 'RUNNING';

-- +goose Down
DROP INDEX cycles_running;
ALTER TABLE feed_state DROP COLUMN lease_seconds;
