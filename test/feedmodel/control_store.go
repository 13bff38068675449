package feedmodel

// StoreControls are rules that live in the scraper's store as well, changed there. Its own tests, against a real
// Postgres, must catch them.
func StoreControls() []Control {
	const dir = "services/scraper/internal/store/"
	return []Control{
		{
			Name: "a move rewrites the new owner only", File: dir + "relink.go", Tests: "^TestModel$|^TestRelinkOrder$",
			Edits: []Edit{{"			r.events[o] = without(r.event(o), k)\n", "			_ = without(r.event(o), k)\n"}},
		},
		{
			Name: "a failed cycle evicts", File: dir + "cycle.go", Tests: "^TestModel$|^TestEviction",
			Edits: []Edit{{"return s == Succeeded || s == Partial }", "return s == Succeeded || s == Partial || s == Failed }"}},
		},
		{
			Name: "a cycle evicts although clocks differ", File: dir + "cycle_write.go", Tests: "^TestClockSteps$|^TestClockModel$",
			Edits: []Edit{{"	if !c.Status.evicts() || c.Skewed {\n		return end\n", "	if !c.Status.evicts() {\n		return end\n"}},
		},
		{
			Name: "a cutoff of the future is kept", File: dir + "cycle_write.go", Tests: "^TestFutureIsCorrected$",
			Edits: []Edit{{"	case future(w.cutoff, cutoff):\n", "	case false:\n"}},
		},
		{
			Name: "a stamp of the future is kept", File: dir + "plan.go", Tests: "^TestFutureIsCorrected$",
			Edits: []Edit{{"		f.sure = f.ahead && p.sure\n", "		f.sure = false\n"}},
		},
		{
			Name: "captures are stamped as they say", File: dir + "capture.go", Tests: "^TestStampsFollowTheClocks$",
			Edits: []Edit{{"		c.date(now)\n", ""}},
		},
		{
			Name: "captures are ordered by their stamps", File: dir + "plan.go", Tests: "^TestNewerRequestWins$|^TestClockSteps$",
			Edits: []Edit{{"	if before != nil && c.request < before.Request {\n", "	if before != nil && c.requestedAt.Before(before.RequestedAt) {\n"}},
		},
		{
			Name: "a block is published before its commit", File: dir + "apply.go", Tests: "^TestCommitUnknown$|^TestStallBeforeCommit$|^TestCancelledApplyChangesNothing$|^TestPostgresKilled$",
			Edits: []Edit{
				{"func(ctx context.Context, tx pgx.Tx) error { return w.flush(ctx, tx, p) },\n", `func(ctx context.Context, tx pgx.Tx) error {
			if err := w.flush(ctx, tx, p); err != nil {
				return err
			}
			return w.log.Append(w.head, p.to, p.entries)
		},
`},
				{"	return w.publish(ctx, p.to, p.entries, func() { w.commit(p) })\n", `	w.state.mu.Lock()
	defer w.state.mu.Unlock()
	w.commit(p)
	w.head = p.to
	return nil
`},
			},
		},
		{
			Name: "a commit does not ask for the revision it was planned from", File: dir + "dbsqlc/lease.sql.go", Tests: "^TestHistoryRewound$",
			Edits: []Edit{{"    lease_until = clock_timestamp() + make_interval(secs => $2::float8)\nWHERE holder = $3::text AND term = $4 AND revision = $5::bigint\n", "    lease_until = clock_timestamp() + make_interval(secs => $2::float8)\nWHERE holder = $3::text AND term = $4 AND $5::bigint >= 0\n"}},
		},
		{
			Name: "a commit does not ask for the term", File: dir + "dbsqlc/lease.sql.go", Tests: "^TestFencedByTerm$|^TestStallBeforeCommit$",
			Edits: []Edit{{"    lease_until = clock_timestamp() + make_interval(secs => $2::float8)\nWHERE holder = $3::text AND term = $4 AND revision = $5::bigint\n", "    lease_until = clock_timestamp() + make_interval(secs => $2::float8)\nWHERE $3::text <> '' AND $4::bigint >= 0 AND revision = $5::bigint\n"}},
		},
	}
}
