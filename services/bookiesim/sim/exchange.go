package sim

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/oddscache/oddscache/services/bookiesim/internal/book"
)

// route is what a request asks for; counters, latencies and faults are by route.
type route int

const (
	routeOther  route = iota
	routeTree         // the tree of sports and tournaments
	routeEvents       // the events of tournaments
	routeDetail       // one event
	routeCount
)

func (r route) String() string { return [...]string{"other", "tree", "events", "detail"}[r] }

// exchange is one request with the world as it stands when it is answered.
type exchange struct {
	w      http.ResponseWriter
	r      *http.Request
	world  *World
	book   book.Book
	route  route
	serial uint64 // of the request at its bookmaker
	now    time.Time
	fault  *Fault  // that the answer itself has to show; nil for none
	inside []ruled // that show in what the answer says of the events that they hit
	shown  bool    // one of those did
}

// pools are reused writers and buffers: a new gzip writer alone allocates more than half a megabyte.
type pools struct{ gzips, buffers sync.Pool }

func newPools() *pools {
	return &pools{
		gzips: sync.Pool{New: func() any {
			z, _ := gzip.NewWriterLevel(nil, gzip.BestSpeed) // the level is valid
			return z
		}},
		buffers: sync.Pool{New: func() any { b := make([]byte, 0, 256<<10); return &b }},
	}
}

// compress is b as gzip.
func (p *pools) compress(b []byte) []byte {
	var out bytes.Buffer
	out.Grow(len(b)/4 + 512)
	z := p.gzips.Get().(*gzip.Writer) //nolint:errcheck,forcetypeassert // New above makes nothing else
	defer p.gzips.Put(z)
	z.Reset(&out)
	_, _ = z.Write(b) // a bytes.Buffer takes everything
	_ = z.Close()
	return out.Bytes()
}

// wantsGzip reports whether the reader takes gzip.
func (x *exchange) wantsGzip() bool {
	return strings.Contains(x.r.Header.Get("Accept-Encoding"), "gzip")
}

// json answers with a JSON body, compressed where asked for.
func (x *exchange) json(status int, body []byte) {
	x.send(status, "application/json;charset=UTF-8", body)
}

// send answers with a body.
func (x *exchange) send(status int, contentType string, body []byte) {
	if x.wantsGzip() || x.truncates() {
		x.sendGzip(status, contentType, x.world.pools.compress(body))
		return
	}
	x.head(status, contentType, len(body))
	_, _ = x.w.Write(body) // a reader that went away has nobody to tell
}

// truncates reports whether the answer is to break off.
func (x *exchange) truncates() bool { return x.fault != nil && x.fault.Kind == TruncatedGzip }

// sendGzip answers with a body that is compressed already.
func (x *exchange) sendGzip(status int, contentType string, body []byte) {
	if x.truncates() {
		body = body[:len(body)/2]
	}
	x.w.Header().Set("Content-Encoding", "gzip")
	x.head(status, contentType, len(body))
	_, _ = x.w.Write(body)
}

func (x *exchange) head(status int, contentType string, length int) {
	h := x.w.Header()
	h.Set("Content-Type", contentType)
	h.Set("Content-Length", strconv.Itoa(length))
	h.Set("Vary", "Accept-Encoding")
	x.w.WriteHeader(status)
}

// detail answers with the detail of an event, rendered once a state. live says that it kicked off. Neither lock is
// held; the world's is taken for reading.
func (x *exchange) detail(f *fixture, live bool, render func(dst []byte, o *offer, s reported) []byte, contentType string) {
	x.world.mu.RLock()
	f.mu.Lock()
	s := x.report(f)
	o := x.world.offerShown(f, x.book, s)
	cached, revision := &f.bodies[x.book], f.listings[x.book].revision
	fresh := !s.faulty && cached.gzip != nil && cached.offer == o.revision && cached.listing == revision && cached.live == live
	if fresh && x.wantsGzip() {
		packed := cached.gzip
		f.mu.Unlock()
		x.world.mu.RUnlock()
		x.sendGzip(http.StatusOK, contentType, packed)
		return
	}
	buffer := x.world.pools.buffers.Get().(*[]byte) //nolint:errcheck,forcetypeassert // newPools makes nothing else
	defer x.world.pools.buffers.Put(buffer)
	*buffer = render((*buffer)[:0], o, s)
	if !x.wantsGzip() {
		f.mu.Unlock()
		x.world.mu.RUnlock()
		x.send(http.StatusOK, contentType, *buffer)
		return
	}
	packed := x.world.pools.compress(*buffer)
	if !s.faulty { // a fault passes, and no revision tells of it
		*cached = body{offer: o.revision, listing: revision, live: live, gzip: packed}
	}
	f.mu.Unlock()
	x.world.mu.RUnlock()
	x.sendGzip(http.StatusOK, contentType, packed)
}
