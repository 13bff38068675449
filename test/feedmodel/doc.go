// Package feedmodel proves the feed by random histories: the scraper's real feed server and the cache's real replica,
// store and lookups run in one bubble of test time over gRPC in memory, while everything that can happen to them does.
//
// A history is drawn first, as plain data, and run afterwards. The source is a small writer that keeps the rules of the
// scraper's store over a database of plain maps, with its lease, its terms and its commits of unknown outcome. Three
// caches follow it. At every quiet point each of them must answer what another set of plain maps says (Truth), which
// knows the rules of the domain and nothing of revisions, logs or feeds.
//
// Self-healing must not hide a hole: a gap, a digest that differs, or a full sync without a reason fails a history.
//
// It is not for the scraper's store and its real database (services/scraper/internal/store, test/faults).
package feedmodel
