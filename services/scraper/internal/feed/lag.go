package feed

// Lag is how many revisions the slowest live replica is behind the log, and whether there is a live one.
func (s *Server) Lag() (revisions int64, live bool) {
	src := s.source.Load()
	if src == nil {
		return 0, false
	}
	acknowledged, n, _ := s.replicas.slowest()
	return max(0, (*src).Log().View().Head-acknowledged), n > 0
}
