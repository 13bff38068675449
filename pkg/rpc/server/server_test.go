package server_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/oddscache/oddscache/pkg/rpc/rpcerr"
	"github.com/oddscache/oddscache/pkg/rpc/server"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var errNotWriter = errors.New("this scraper is not the writer")

func TestErrorsLeaveByTheTable(t *testing.T) {
	t.Parallel()
	var next error
	b := setup(t, &scraper{getCycle: func(context.Context) error { return next }}, nil)
	for _, test := range []struct {
		err    error
		code   codes.Code
		reason string
		level  string
	}{
		{err: errNotWriter, code: codes.Unavailable, reason: "NOT_WRITER", level: "WARN"},
		{err: rpcerr.Invalid("cycle_id", "is empty"), code: codes.InvalidArgument, reason: "INVALID_FIELD", level: "DEBUG"},
		{err: errors.New("SQLSTATE 42P01"), code: codes.Internal, reason: "INTERNAL", level: "WARN"},
		{err: status.Error(codes.NotFound, "no such cycle"), code: codes.NotFound, reason: "NOT_FOUND", level: "DEBUG"},
	} {
		next = test.err
		_, err := b.client.GetCycle(t.Context(), &oddscachev1.GetCycleRequest{})
		check(t, err, test.code, test.reason)
		if strings.Contains(err.Error(), "SQLSTATE") {
			t.Errorf("the driver's text left the server: %v", err)
		}
		line := "level=" + test.level + ` msg="rpc finished" method=/oddscache.v1.ScraperService/GetCycle code=` + test.code.String()
		if !strings.Contains(b.log.String(), line) {
			t.Errorf("the log lacks %s:\n%s", line, b.log)
		}
	}
	if !strings.Contains(b.log.String(), `level=ERROR msg="unexpected error in an rpc"`) || !strings.Contains(b.log.String(), "SQLSTATE 42P01") {
		t.Errorf("the cause of INTERNAL was not logged:\n%s", b.log)
	}
	next = nil
	if _, err := b.client.GetCycle(t.Context(), &oddscachev1.GetCycleRequest{}); err != nil {
		t.Error(err)
	}
	_, err := b.client.ListCycles(t.Context(), &oddscachev1.ListCyclesRequest{})
	check(t, err, codes.Unimplemented, "UNIMPLEMENTED")
}

func TestPanicsAreBugs(t *testing.T) {
	t.Parallel()
	b := setup(t, &scraper{
		getCycle: func(context.Context) error { panic("odds of " + t.Name()) },
		watch:    func(grpc.ServerStreamingServer[oddscachev1.WatchProgressResponse]) error { panic("in a stream") },
	}, nil)
	_, err := b.client.GetCycle(t.Context(), &oddscachev1.GetCycleRequest{})
	check(t, err, codes.Internal, "INTERNAL")
	stream, err := b.client.WatchProgress(t.Context(), &oddscachev1.WatchProgressRequest{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = stream.Recv()
	check(t, err, codes.Internal, "INTERNAL")
	for _, want := range []string{"odds of " + t.Name(), "in a stream", "server_test.go"} {
		if !strings.Contains(b.log.String(), want) {
			t.Errorf("the log lacks %q", want)
		}
	}
}

func TestHealthSeparatesLivenessFromReadiness(t *testing.T) {
	t.Parallel()
	const name = "oddscache.v1.ScraperService"
	b := setup(t, &scraper{}, nil)
	want := func(service string, status healthpb.HealthCheckResponse_ServingStatus) {
		t.Helper()
		got, err := b.health.Check(t.Context(), &healthpb.HealthCheckRequest{Service: service})
		if err != nil || got.GetStatus() != status {
			t.Errorf("health of %q is %v, %v; want %v", service, got.GetStatus(), err, status)
		}
	}
	want("", healthpb.HealthCheckResponse_SERVING)
	want(name, healthpb.HealthCheckResponse_NOT_SERVING)
	b.server.SetReady(true)
	want(name, healthpb.HealthCheckResponse_SERVING)
	b.server.SetReady(false, name)
	want(name, healthpb.HealthCheckResponse_NOT_SERVING)
	want("", healthpb.HealthCheckResponse_SERVING)

	_, err := b.health.Check(t.Context(), &healthpb.HealthCheckRequest{Service: "oddscache.v1.NoService"})
	check(t, err, codes.NotFound, "NOT_FOUND")
}

func TestMetricsSeeWhatCallersSee(t *testing.T) {
	t.Parallel()
	b := setup(t, &scraper{getCycle: func(context.Context) error { return errNotWriter }}, nil)
	for range 3 {
		_, err := b.client.GetCycle(t.Context(), &oddscachev1.GetCycleRequest{})
		check(t, err, codes.Unavailable, "NOT_WRITER")
	}
	families, err := b.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		if family.GetName() != "grpc_server_handled_total" {
			continue
		}
		for _, metric := range family.GetMetric() {
			labels := map[string]string{}
			for _, l := range metric.GetLabel() {
				labels[l.GetName()] = l.GetValue()
			}
			if labels["grpc_method"] == "GetCycle" && labels["grpc_code"] == "Unavailable" && metric.GetCounter().GetValue() == 3 {
				return
			}
		}
	}
	t.Error("no series counts the three UNAVAILABLE responses")
}

func TestNewRejectsABadConfig(t *testing.T) {
	t.Parallel()
	_, err := server.New(server.Config{Grace: -1, MaxRecvBytes: -1}, func(grpc.ServiceRegistrar) {})
	if err == nil {
		t.Fatal("it was taken")
	}
	for _, field := range []string{"Listen", "Errors", "Logger", "Grace", "MaxRecvBytes"} {
		if !strings.Contains(err.Error(), field) {
			t.Errorf("the error does not name %s: %v", field, err)
		}
	}
}

func TestNewReportsThatThePortIsTaken(t *testing.T) {
	t.Parallel()
	b := setup(t, &scraper{}, nil)
	table, err := rpcerr.NewTable()
	if err != nil {
		t.Fatal(err)
	}
	_, err = server.New(server.Config{
		Listen: b.server.Addr().String(), Errors: table, Logger: slog.New(slog.DiscardHandler),
		Options: []grpc.ServerOption{grpc.NumStreamWorkers(2)}, // must not be left behind
	}, func(grpc.ServiceRegistrar) {})
	if err == nil || !strings.Contains(err.Error(), "opening the rpc listener") {
		t.Errorf("got %v", err)
	}
}

func TestCloseWithoutRun(t *testing.T) {
	t.Parallel()
	table, err := rpcerr.NewTable()
	if err != nil {
		t.Fatal(err)
	}
	cfg := server.Config{Listen: "127.0.0.1:0", Errors: table, Logger: slog.New(slog.DiscardHandler)}
	first, err := server.New(cfg, func(grpc.ServiceRegistrar) {})
	if err != nil {
		t.Fatal(err)
	}
	cfg.Listen = first.Addr().String()
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	second, err := server.New(cfg, func(grpc.ServiceRegistrar) {})
	if err != nil {
		t.Fatalf("the port is still taken: %v", err)
	}
	if err := second.Close(); err != nil {
		t.Fatal(err)
	}
}
