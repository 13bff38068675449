// Package faults breaks the real processes under load, and holds what the caches answer against Postgres, row by row,
// after every fault.
//
// Two scrapers compete for the lease, two caches follow, everything between them and Postgres goes through proxies that
// cut, freeze and slow connections. The binaries are built with failpoints (Points) put in by the go command's -overlay,
// so that they die, stop or stall at named places of the write path and of the feed; the sources know nothing of it.
//
// A recorder follows the feed like a cache, and samplers ask the caches all the time; both are held to the validators
// of test/feedmodel/record.
//
// It is not for faults of bookmakers, and not for histories that need a bubble of time (test/feedmodel).
package faults
