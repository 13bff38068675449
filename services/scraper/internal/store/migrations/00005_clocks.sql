-- What the clocks of scraper, database and bookmakers were during a cycle, and the comments on what goes by them.

-- +goose Up

ALTER TABLE cycles ADD COLUMN clocks jsonb NOT NULL DEFAULT '[]';
COMMENT ON COLUMN cycles.clocks IS 'How far each clock was from the time that the cycle went by.';
COMMENT ON COLUMN cycles.evict_kickoff_before IS 'Cutoff of what the cycle evicted; NULL where it evicted nothing: FAILED, and PARTIAL with clocks that differ.';
COMMENT ON COLUMN feed_state.evict_kickoff_before IS
    'Cutoff of the last eviction. A small step of the clocks does not take it back; one that lies in the future is corrected.';
COMMENT ON COLUMN snapshots.requested_at IS 'When the capture that last said so was asked for. It decides nothing.';

-- +goose Down

ALTER TABLE cycles DROP COLUMN clocks;
