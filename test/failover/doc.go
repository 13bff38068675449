// Package failover kills a real primary and promotes its standby under real scrapers, caches and simulated bookmakers,
// and measures how long a takeover lasts, whatever dies.
//
// The standby's WAL receiver is stopped while the writer is at a named point of its work (test/faults), so that with
// asynchronous replication the standby lacks what the writer did there, and with synchronous replication the writer
// waits for an answer that never comes. After each failover cycles have to go on by themselves, caches have to equal
// Postgres row by row, and nothing older may be answered under the same epoch.
//
// It is not for faults of one Postgres or of connections between the processes: see test/faults.
package failover
