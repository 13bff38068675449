package mapping

// Ways is what the probabilities of a complete market of the type sum up to, the margin apart: 1 for 1X2, 2 for double
// chance, where two outcomes win; 0 where the sum says nothing.
func (r *Row) Ways() float64 { return r.ways }
