//go:build !race

package api_test

// racing says that the race detector runs, which allocates memory of its own.
const racing = false
