// Package faults breaks the real processes under load, and holds what the caches answer against Postgres, row by row,
// after every fault.
//
// Two scrapers compete for the lease, two caches follow, everything between them and Postgres goes through proxies that
// cut, freeze and slow connections. The binaries are built with the go command's -overlay, which turns every marker
// in the sources, a line such as //failpoint:store.before_commit, into a call of pkg/failpoint: there they die, stop or
// stall. An ordinary build has comments in these places.
//
// A recorder follows the feed like a cache, and samplers ask the caches all the time; both are held to the validators
// of test/feedmodel/history.
//
// It is not for faults of bookmakers, and not for histories that need a bubble of time (test/feedmodel).
package faults
