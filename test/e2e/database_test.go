package e2e

import (
	"testing"

	"github.com/jackc/pgx/v5"
	"go.uber.org/goleak"

	"github.com/oddscache/oddscache/test/cluster"
)

func TestMain(m *testing.M) {
	cluster.Main(m, goleak.IgnoreCurrent())
}

// historyRows counts the rows of the history of odds.
func historyRows(t *testing.T, p *cluster.Cluster) int {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), p.DatabaseURL)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(t.Context()) }()
	var n int
	if err := conn.QueryRow(t.Context(), "SELECT count(*) FROM market_odds_history").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}
