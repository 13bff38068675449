module github.com/oddscache/oddscache/services/bookiesim

go 1.26.0

require (
	github.com/alecthomas/kong v1.17.0
	github.com/google/go-cmp v0.7.0
	github.com/oddscache/oddscache/pkg v0.0.0-00010101000000-000000000000
	go.uber.org/goleak v1.3.0
	golang.org/x/sync v0.24.0
	google.golang.org/protobuf v1.36.12
)

require github.com/stretchr/testify v1.12.1 // indirect

replace (
	github.com/oddscache/oddscache/pkg => ../../pkg
	github.com/oddscache/oddscache/proto => ../../proto
)
