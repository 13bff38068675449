package security

import "testing"

// admins is attempts on the admin ports.
func admins() []attempt {
	return []attempt{
		{"cache admin: HTTP without TLS", "HTTP 400: Client sent an HTTP request to an HTTPS server.", func(t *testing.T, s *testbed) string {
			return page(t, "http://"+s.cacheAdmin+"/metrics", nil)
		}},
		{"scraper admin: HTTP without TLS", "HTTP 400: Client sent an HTTP request to an HTTPS server.", func(t *testing.T, s *testbed) string {
			return page(t, "http://"+s.scraperAdmin+"/debug/pprof/", nil)
		}},
		{"cache admin: metrics without a certificate", "HTTP 401: a client certificate is needed", func(t *testing.T, s *testbed) string {
			return page(t, "https://"+s.cacheAdmin+"/metrics", s.as(t))
		}},
		{"scraper admin: pprof without a certificate", "HTTP 401: a client certificate is needed", func(t *testing.T, s *testbed) string {
			return page(t, "https://"+s.scraperAdmin+"/debug/pprof/heap", s.as(t))
		}},
		{"scraper admin: pprof by the cache", `HTTP 403: the certificate, of spiffe://oddscache/cache, does not have the right "operate" that /debug/pprof/heap takes`, func(t *testing.T, s *testbed) string {
			return page(t, "https://"+s.scraperAdmin+"/debug/pprof/heap", s.as(t, aCache))
		}},
		{"cache admin: pprof by a path of two slashes", "HTTP 403: nobody may call this: it has no row in the table of rights", func(t *testing.T, s *testbed) string {
			return page(t, "https://"+s.cacheAdmin+"//debug/pprof/heap", s.as(t, aCache))
		}},
		{"cache admin: pprof through the health page's path", "HTTP 403: nobody may call this: it has no row in the table of rights", func(t *testing.T, s *testbed) string {
			return page(t, "https://"+s.cacheAdmin+"/healthz/../debug/pprof/heap", s.as(t, aCache))
		}},
		{"cache admin: a certificate of a stranger's authority", "remote error: tls: unknown certificate authority", func(t *testing.T, s *testbed) string {
			keyPair := s.stranger.Issue(t, aOperator)
			return met(s.shown(t, s.cacheAdmin, s.with(t, &keyPair)))
		}},
		{"cache admin: a header of 1 MB", "HTTP/1.1 431 Request Header Fields Too Large", func(t *testing.T, s *testbed) string {
			conn, err := s.secure(t, s.cacheAdmin, s.as(t))
			if err == nil {
				err = statusLine(conn, "GET /healthz HTTP/1.1\r\nHost: x\r\nX: "+string(make([]byte, 1<<20))+"\r\n\r\n")
			}
			return met(err)
		}},
		{"cache admin: health by nobody, which is allowed", "HTTP 200", func(t *testing.T, s *testbed) string {
			return page(t, "https://"+s.cacheAdmin+"/healthz", s.as(t))
		}},
	}
}
