//go:build race

package feedmodel

// racing says whether the race detector is built in.
const racing = true
