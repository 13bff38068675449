package feedmodel

import (
	"fmt"
	"strings"
	"time"

	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
)

// Kind says what an Op does.
type Kind int

// The kinds of operations.
const (
	PutEvent    Kind = iota // writes an event; ids that others list move
	Postpone                // moves an event's kickoff, if there is the event
	PutContent              // writes new content of a listed id
	Confirm                 // says that content was seen again
	EndCycle                // ends a cycle, which evicts if it did not fail
	Hours                   // lets the domain's clock go on
	Clocks                  // sets the clocks of database and scraper ahead or back, until the next one
	Wait                    // lets the bubble's clock go on
	Tap                     // opens or closes a replica's stream; a closed one passes messages by Deliver only
	Deliver                 // lets some messages pass
	Cut                     // ends a replica's stream after some messages more
	Sever                   // breaks a replica's connections
	Freeze                  // makes a replica's connections half-open, until Thaw
	Thaw                    // lets them go on
	Restart                 // kills a replica, which comes back with nothing
	Kill                    // kills the scraper that writes
	Stall                   // stops it for a while, as SIGSTOP does
	CrashBefore             // kills it while it commits, before the commit
	CrashAfter              // kills it after the commit, before the publishing
	UnknownDone             // loses the answer to a commit that was done
	UnknownNot              // and to one that was not
	Backup                  // copies the database
	Restore                 // puts the copy back: history is lost
	Drop                    // loses a batch on its way; only for controls, the transport does not do that
	Watch                   // ends the watch, which goes on at another replica
	Settle                  // waits until everybody has caught up, and compares
)

var kindNames = map[Kind]string{
	PutEvent: "event", Postpone: "postpone", PutContent: "content", Confirm: "confirm", EndCycle: "end cycle",
	Hours: "hours pass", Clocks: "clocks", Wait: "wait", Tap: "tap", Deliver: "deliver", Cut: "cut", Sever: "sever", Freeze: "freeze",
	Thaw: "thaw", Restart: "restart", Kill: "kill writer", Stall: "stall writer", CrashBefore: "crash before commit",
	CrashAfter: "crash after commit", UnknownDone: "commit unknown, done", UnknownNot: "commit unknown, not done",
	Backup: "backup", Restore: "restore", Drop: "drop a batch", Watch: "watch at", Settle: "settle",
}

// ID is an event's id at a bookmaker, and the key of a snapshot.
type ID struct{ Bookmaker, ID string }

// Op is one operation of a history: plain data, that does the same whenever it is run in the same state.
type Op struct {
	Kind    Kind
	Event   *oddscachev1.Event // PutEvent
	SrID    string             // Postpone
	ID      ID                 // PutContent, Confirm
	Replica int
	N       int           // messages; hours to kickoff; markets; a choice
	D       time.Duration // Hours, Wait, Stall; Clocks: how far ahead
	Yes     bool          // Tap: open; Restart: closed; EndCycle: did not fail; Restore: with a new timeline; Clocks: noticed
	Tx      []Op          // writes of one transaction, for the kinds that commit
}

// String is the operation in a failed test's output.
func (o Op) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s", kindNames[o.Kind])
	if len(o.Tx) > 0 {
		return fmt.Sprintf("%s: tx%v", kindNames[o.Kind], o.Tx)
	}
	switch o.Kind {
	case PutEvent:
		if o.Event != nil {
			fmt.Fprintf(&b, " %s in %dh lists %v", o.Event.GetSrId(), o.N, idsOf(o.Event))
		}
	case Postpone:
		fmt.Fprintf(&b, " %s to in %dh", o.SrID, o.N)
	case PutContent, Confirm:
		fmt.Fprintf(&b, " %s/%s", o.ID.Bookmaker, o.ID.ID)
	case EndCycle, Restore:
		fmt.Fprintf(&b, " %v", o.Yes)
	case Hours, Wait, Stall:
		fmt.Fprintf(&b, " %v", o.D)
	case Clocks:
		fmt.Fprintf(&b, " %v ahead, noticed %v", o.D, o.Yes)
	case Tap:
		fmt.Fprintf(&b, " of %d open=%v", o.Replica, o.Yes)
	case Deliver, Cut, Drop:
		fmt.Fprintf(&b, " %d of replica %d", o.N, o.Replica)
	case Restart:
		fmt.Fprintf(&b, " replica %d, tap closed %v", o.Replica, o.Yes)
	case Sever, Freeze, Thaw, Watch:
		fmt.Fprintf(&b, " replica %d", o.Replica)
	case Kill, CrashBefore, CrashAfter, UnknownDone, UnknownNot, Backup, Settle:
	}
	return b.String()
}

// GoString is the operation where a drawn history is printed.
func (o Op) GoString() string { return o.String() }

// Show is a history, an operation a line.
func Show(ops []Op) string {
	var b strings.Builder
	for i, o := range ops {
		fmt.Fprintf(&b, "%3d %v\n", i, o)
	}
	return b.String()
}

// writes reports whether an operation is part of a transaction.
func (k Kind) writes() bool { return k <= EndCycle }

// idsOf are the ids that an event lists, BetPawa's first.
func idsOf(e *oddscachev1.Event) []ID {
	var ids []ID
	if e.GetBetpawaEventId() != "" {
		ids = append(ids, ID{betpawa, e.GetBetpawaEventId()})
	}
	for _, c := range e.GetCompetitorEvents() {
		ids = append(ids, ID{c.GetBookmaker(), c.GetCompetitorEventId()})
	}
	return ids
}

const betpawa = "betpawa"
