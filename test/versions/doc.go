// Package versions holds the pair to working with its previous version: a cache of one version follows a scraper of the
// other, which is what an upgrade looks like while it is under way.
//
// testdata keeps what the previous version said: a recording of its feed (feed.gob.zst: both directions, and what its
// cache answered in the end) and the description of its messages (api.binpb), to which `make lint-proto` holds the
// .proto files. `make previous REF=v1.2.3` makes both again, which is part of a release. Where
// the clone has the commit of the previous version (testdata/version), its binaries are built and run as well.
//
// It is not for versions further apart than one.
package versions
