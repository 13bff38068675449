package feedmodel

// Control is the design with one rule of the test's writer changed. Rules that live in the code are changed by the
// patches in testdata/controls.
type Control struct {
	Name  string
	Rules Rules
}

// Controls are the rules that looser readings of the design get wrong. Each must be caught.
func Controls() []Control {
	return []Control{
		{"a move rewrites the new owner only", Rules{NewOwnerOnly: true}},
		{"revisions taken before BEGIN, two batches in flight", Rules{EarlyRevisions: true}},
		{"a block is published before its commit", Rules{EarlyPublish: true}},
		{"a failed cycle evicts", Rules{FailedEvicts: true}},
		{"a cutoff of the future is kept", Rules{CutoffStays: true}},
	}
}
