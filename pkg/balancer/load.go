package balancer

import (
	"slices"
	"sync"
)

// load counts the open connections of each backend.
type load struct {
	mu   sync.Mutex
	open map[string]int // by address; none that is 0
}

// take picks the address with the fewest connections, the first among equals, and counts one more for it.
func (l *load) take(addrs []string) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	least := slices.MinFunc(addrs, func(a, b string) int { return l.open[a] - l.open[b] })
	l.open[least]++
	return least
}

// done counts one less.
func (l *load) done(addr string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open[addr]--; l.open[addr] == 0 {
		delete(l.open, addr)
	}
}

// without is a list without one of its addresses.
func without(addrs []string, addr string) []string {
	return slices.DeleteFunc(slices.Clone(addrs), func(a string) bool { return a == addr })
}
