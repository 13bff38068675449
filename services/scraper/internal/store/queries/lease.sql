-- name: TakeLease :one
-- Takes the lease if it is free or has expired, and fences every writer before.
UPDATE feed_state
SET holder = @holder::text, term = term + 1, lease_until = clock_timestamp() + make_interval(secs => @lease_seconds::float8)
WHERE lease_until IS NULL OR lease_until < clock_timestamp()
RETURNING term;

-- name: RenewLease :execrows
UPDATE feed_state
SET lease_until = clock_timestamp() + make_interval(secs => @lease_seconds::float8)
WHERE holder = @holder::text AND term = @term;

-- name: ReleaseLease :execrows
UPDATE feed_state SET holder = NULL, lease_until = NULL WHERE holder = @holder::text AND term = @term;

-- name: AdvanceRevision :execrows
-- The fence of every commit: no row means that this writer writes no more.
UPDATE feed_state
SET revision = revision + @entries::bigint,
    lease_until = clock_timestamp() + make_interval(secs => @lease_seconds::float8)
WHERE holder = @holder::text AND term = @term AND revision = @expected::bigint;

-- name: AdvanceCycleEnd :execrows
-- The writer decides about the cutoff; without one the last stays.
UPDATE feed_state
SET revision = revision + 1,
    floor = greatest(floor, @floor::bigint),
    evict_kickoff_before = coalesce(@evict_kickoff_before, evict_kickoff_before),
    lease_until = clock_timestamp() + make_interval(secs => @lease_seconds::float8)
WHERE holder = @holder::text AND term = @term AND revision = @expected::bigint;

-- name: LockFeedState :one
-- Waits for a transaction that is still deciding.
SELECT revision, term, epoch::text AS epoch FROM feed_state FOR UPDATE;

-- name: ReadFeedState :one
SELECT revision, floor, term, evict_kickoff_before, (epoch::text || '.' || feed_identity())::text AS epoch FROM feed_state;

-- name: MintEpoch :one
UPDATE feed_state SET epoch = gen_random_uuid() WHERE holder = @holder::text AND term = @term
RETURNING (epoch::text || '.' || feed_identity())::text AS epoch;

-- name: Clock :one
SELECT clock_timestamp()::timestamptz;
