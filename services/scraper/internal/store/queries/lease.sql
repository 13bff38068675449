-- name: ReadLease :one
-- What a taker sees. It waits for no lock.
SELECT holder, term, lease_until, lease_seconds, coalesce(lease_until < clock_timestamp(), true)::boolean AS expired
FROM feed_state;

-- name: TakeLease :one
-- Takes the lease that ReadLease has shown, unless it was renewed or taken since, and fences every writer before. The
-- term is above every one that the taker knows of: a standby that was promoted may have lost some.
UPDATE feed_state
SET holder = @holder::text, term = greatest(term, @after::bigint) + 1, lease_seconds = @lease_seconds::float8,
    lease_until = clock_timestamp() + make_interval(secs => @lease_seconds::float8)
WHERE term = @seen_term AND holder IS NOT DISTINCT FROM sqlc.narg(seen_holder)
    AND lease_until IS NOT DISTINCT FROM sqlc.narg(seen_until)
RETURNING term, (epoch::text || '.' || feed_identity())::text AS epoch, clock_timestamp()::timestamptz AS clock;

-- name: RenewLease :one
-- Returns what the database says of its holder, who compares it with what it believes.
UPDATE feed_state
SET lease_until = clock_timestamp() + make_interval(secs => @lease_seconds::float8), lease_seconds = @lease_seconds::float8
WHERE holder = @holder::text AND term = @term
RETURNING revision, (epoch::text || '.' || feed_identity())::text AS epoch,
    ARRAY(SELECT c.cycle_id::text FROM cycles c WHERE c.status = 'RUNNING')::text[] AS running,
    clock_timestamp()::timestamptz AS clock;

-- name: ReleaseLease :execrows
UPDATE feed_state SET holder = NULL, lease_until = NULL WHERE holder = @holder::text AND term = @term;

-- name: RenameHistory :execrows
-- Gives the history a new epoch if less of it is there than was published, whoever holds the lease now: a writer that has
-- begun meanwhile finds out at its next fence.
UPDATE feed_state f SET epoch = gen_random_uuid()
FROM (SELECT unnest(@epochs::text[]) AS epoch, unnest(@published::bigint[]) AS revision) h
WHERE (f.epoch::text || '.' || feed_identity()) = h.epoch AND f.revision < h.revision;

-- name: AdvanceRevision :one
-- The fence of every commit: no row means that this writer writes no more.
UPDATE feed_state
SET revision = revision + @entries::bigint,
    lease_until = clock_timestamp() + make_interval(secs => @lease_seconds::float8)
WHERE holder = @holder::text AND term = @term AND revision = @expected::bigint
RETURNING (epoch::text || '.' || feed_identity())::text AS epoch, clock_timestamp()::timestamptz AS clock;

-- name: AdvanceCycleEnd :one
-- The writer decides about the cutoff; without one the last stays.
UPDATE feed_state
SET revision = revision + 1,
    floor = greatest(floor, @floor::bigint),
    evict_kickoff_before = coalesce(@evict_kickoff_before, evict_kickoff_before),
    lease_until = clock_timestamp() + make_interval(secs => @lease_seconds::float8)
WHERE holder = @holder::text AND term = @term AND revision = @expected::bigint
RETURNING (epoch::text || '.' || feed_identity())::text AS epoch, clock_timestamp()::timestamptz AS clock;

-- name: LockFeedState :exec
-- Waits for a transaction that is still deciding.
SELECT FROM feed_state FOR UPDATE;

-- name: ReadFeedState :one
SELECT revision, floor, term, coalesce(holder, '')::text AS holder, evict_kickoff_before,
    (epoch::text || '.' || feed_identity())::text AS epoch
FROM feed_state;

-- name: MintEpoch :one
UPDATE feed_state SET epoch = gen_random_uuid() WHERE holder = @holder::text AND term = @term
RETURNING (epoch::text || '.' || feed_identity())::text AS epoch;

-- name: Clock :one
SELECT clock_timestamp()::timestamptz;
