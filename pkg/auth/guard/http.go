package guard

import (
	"errors"
	"net/http"
	"strings"

	"github.com/oddscache/oddscache/pkg/auth/certs"
)

// HTTP rejects pages of a server that speaks TLS: 401 without a certificate, 403 without the right.
func (g *Guard) HTTP(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := g.page(r); err != nil {
			status := http.StatusForbidden
			if errors.Is(err, ErrNoCertificate) {
				status = http.StatusUnauthorized
			}
			http.Error(w, g.count(r.URL.Path, r.RemoteAddr, err).Error(), status)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// page decides about a page.
func (g *Guard) page(r *http.Request) error {
	right := g.rightOf(r.URL.Path)
	switch {
	case right == "":
		return ErrNoRow
	case right == Open:
		return nil
	case r.TLS == nil:
		return ErrNoCertificate
	default:
		return g.byName(r.URL.Path, right, certs.Names(*r.TLS))
	}
}

// rightOf finds the row of a page, or of what it lies below.
func (g *Guard) rightOf(path string) Right {
	if right, ok := g.cfg.Table[path]; ok {
		return right
	}
	for at := strings.LastIndexByte(path, '/'); at > 0; at = strings.LastIndexByte(path[:at], '/') {
		if right, ok := g.cfg.Table[path[:at+1]]; ok {
			return right
		}
	}
	return ""
}
