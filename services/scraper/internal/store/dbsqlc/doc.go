// Package dbsqlc is the store's queries as Go functions, made by sqlc of the .sql files in queries and migrations. Nothing
// but this comment is written by hand: `make gen` makes the rest.
//
// It is not for anybody but the store, which knows the transactions that the queries belong into.
package dbsqlc
