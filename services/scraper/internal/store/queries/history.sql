-- name: MakePartition :one
SELECT history_make_partition(@day::date)::boolean;

-- name: DropPartition :one
SELECT coalesce(history_drop_partition(@before::date), '')::text;
