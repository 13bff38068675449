// Package sim simulates the three bookmakers over HTTP: BetPawa, SportyBet and Bet9ja answer on their real
// paths, in their real shapes, about one invented world of football events whose prices agree across bookmakers the
// way real ones do. Tests, local runs and compose files use it where the real sites are out of reach, and because
// everything it says follows from a seed and a clock, a test can ask it which price each bookmaker shows right now
// and demand exactly that from whatever read it.
//
// Markets and outcomes close for a while and reopen, in every way in which the sites close them: closings has the table
// of the ways, Config.Closings says how much is closed at a time, and Markets tells what is open, closed or not offered.
//
// Besides what happens every day there are faults (FaultKind). Some strike a request as a whole: it is slow, broken off,
// answered with a page. Others show in what answers say: lists that are short of what the bookmaker itself counts, teams
// or prices at the wrong side, names in French, kickoffs, ids and clocks that are off, simulated matches. The latter are
// drawn by event, so that list and detail agree, and Events does not tell of them: it says what is right.
//
// It is not a mapping: it knows each bookmaker's own ids and texts because it has to speak them, and no reader of
// bookmakers may import them. It is not a recording either: no answer of a real bookmaker is in it. And it is not for
// bets, accounts or matches in play, of which it simulates only that the prices close.
//
// Where the real sites' behaviour is known, it is copied; where it is not known (BetPawa's protobuf schema, the texts
// of errors), the answer has the known status and content type and a body of our own.
package sim
