package rpcerr_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/oddscache/oddscache/pkg/rpc/rpcerr"
	"go.uber.org/goleak"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/durationpb"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	errNotWriter = errors.New("this scraper is not the writer")
	errDriver    = errors.New("ERROR: duplicate key value (SQLSTATE 23505)")
)

// behindError is a typed error with data.
type behindError struct{ requested, have int64 }

func (e *behindError) Error() string { return fmt.Sprintf("revision %d is not here yet", e.requested) }

// table is what a service might have.
func table(t *testing.T) *rpcerr.Table {
	t.Helper()
	made, err := rpcerr.NewTable(
		rpcerr.Is(errNotWriter, codes.Unavailable, "NOT_WRITER").RetryAfter(500*time.Millisecond),
		rpcerr.As(codes.OutOfRange, "REVISION_AHEAD", func(e *behindError) map[string]string {
			return map[string]string{"requested": fmt.Sprint(e.requested), "have": fmt.Sprint(e.have)}
		}),
	)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// info is the ErrorInfo that every error has to carry.
func info(reason string, metadata map[string]string) *errdetails.ErrorInfo {
	return &errdetails.ErrorInfo{Reason: reason, Domain: "oddscache", Metadata: metadata}
}

func TestStatus(t *testing.T) {
	t.Parallel()
	ready, err := status.New(codes.Aborted, "busy").WithDetails(info("BUSY", nil))
	if err != nil {
		t.Fatal(err)
	}
	violation := func(field, description string) *errdetails.BadRequest_FieldViolation {
		return &errdetails.BadRequest_FieldViolation{Field: field, Description: description, Reason: "INVALID_FIELD"}
	}
	ended := func(cause error) context.Context {
		ctx, cancel := context.WithCancelCause(context.Background())
		cancel(cause)
		return ctx
	}
	late, cancel := context.WithDeadlineCause(context.Background(), time.Unix(0, 0), errors.New("no more than 30s"))
	defer cancel()

	for _, test := range []struct {
		name       string
		ctx        context.Context //nolint:containedctx // it is a case's input
		err        error
		code       codes.Code
		message    string
		details    []any
		unexpected bool
	}{
		{
			name: "a wrapped sentinel shows its own text", err: fmt.Errorf("committing: %w: %w", errNotWriter, errDriver),
			code: codes.Unavailable, message: "this scraper is not the writer",
			details: []any{info("NOT_WRITER", nil), &errdetails.RetryInfo{RetryDelay: durationpb.New(500 * time.Millisecond)}},
		},
		{
			name: "a typed error gives its data", err: fmt.Errorf("reading: %w", &behindError{requested: 9, have: 7}),
			code: codes.OutOfRange, message: "revision 9 is not here yet",
			details: []any{info("REVISION_AHEAD", map[string]string{"requested": "9", "have": "7"})},
		},
		{
			name: "a refused field", err: fmt.Errorf("checking: %w", rpcerr.Invalid("page_size", "is %d", -1)),
			code: codes.InvalidArgument, message: "page_size: is -1",
			details: []any{
				info("INVALID_FIELD", map[string]string{"field": "page_size"}),
				&errdetails.BadRequest{FieldViolations: []*errdetails.BadRequest_FieldViolation{violation("page_size", "is -1")}},
			},
		},
		{
			name: "several refused fields",
			err: errors.Join(rpcerr.Invalid("keys", "holds more than 500").WithLimit(500),
				fmt.Errorf("and: %w", rpcerr.Invalid("keys[3].sr_id", "has to be digits"))),
			code: codes.InvalidArgument, message: "keys: holds more than 500 (and 1 more)",
			details: []any{
				info("INVALID_FIELD", map[string]string{"field": "keys", "limit": "500"}),
				&errdetails.BadRequest{FieldViolations: []*errdetails.BadRequest_FieldViolation{
					violation("keys", "holds more than 500"), violation("keys[3].sr_id", "has to be digits"),
				}},
			},
		},
		{
			name: "a status with a reason passes", err: fmt.Errorf("calling: %w", ready.Err()),
			code: codes.Aborted, message: "busy", details: []any{info("BUSY", nil)},
		},
		{
			name: "a status without a reason gets its code's", err: status.Error(codes.ResourceExhausted, "full"),
			code: codes.ResourceExhausted, message: "full", details: []any{info("RESOURCE_EXHAUSTED", nil)},
		},
		{
			name: "UNKNOWN never leaves", err: status.Error(codes.Unknown, errDriver.Error()), unexpected: true,
			code: codes.Internal, message: "internal error", details: []any{info("INTERNAL", nil)},
		},
		{
			name: "nor do codes that do not exist", err: status.Error(99, "what"), unexpected: true,
			code: codes.Internal, message: "internal error", details: []any{info("INTERNAL", nil)},
		},
		{
			name: "a driver's text never leaves", err: fmt.Errorf("storing: %w", errDriver), unexpected: true,
			code: codes.Internal, message: "internal error", details: []any{info("INTERNAL", nil)},
		},
		{
			name: "an inner timeout", err: fmt.Errorf("waiting: %w", context.DeadlineExceeded),
			code: codes.DeadlineExceeded, message: "context deadline exceeded", details: []any{info("DEADLINE_EXCEEDED", nil)},
		},
		{
			name: "a caller who left", ctx: ended(nil), err: errDriver,
			code: codes.Canceled, message: "context canceled", details: []any{info("CANCELLED", nil)},
		},
		{
			name: "a deadline with a cause", ctx: late, err: context.Canceled,
			code: codes.DeadlineExceeded, message: "no more than 30s", details: []any{info("DEADLINE_EXCEEDED", nil)},
		},
		{
			name: "a rule goes before the context's end", ctx: ended(nil), err: errors.Join(context.Canceled, errNotWriter),
			code: codes.Unavailable, message: "this scraper is not the writer",
			details: []any{info("NOT_WRITER", nil), &errdetails.RetryInfo{RetryDelay: durationpb.New(500 * time.Millisecond)}},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			ctx := test.ctx
			if ctx == nil {
				ctx = t.Context()
			}
			got, expected := table(t).Status(ctx, test.err)
			if got.Code() != test.code || got.Message() != test.message || expected == test.unexpected {
				t.Errorf("got %v %q, expected %t; want %v %q, expected %t",
					got.Code(), got.Message(), expected, test.code, test.message, !test.unexpected)
			}
			if diff := cmp.Diff(test.details, got.Details(), protocmp.Transform()); diff != "" {
				t.Errorf("details (-want +got):\n%s", diff)
			}
		})
	}
}

func TestEveryCodeHasAReason(t *testing.T) {
	t.Parallel()
	for code := codes.Canceled; code <= codes.Unauthenticated; code++ {
		got, _ := table(t).Status(t.Context(), status.Error(code, "text"))
		if reason := rpcerr.Reason(got.Err()); len(reason) < 3 {
			t.Errorf("%v: got reason %q", code, reason)
		}
	}
	got, _ := table(t).Status(t.Context(), status.Error(codes.Canceled, ""))
	if rpcerr.Reason(got.Err()) != rpcerr.ReasonCancelled {
		t.Errorf("CANCELLED is spelt %q", rpcerr.Reason(got.Err()))
	}
}

func TestNewTableRejectsBadRules(t *testing.T) {
	t.Parallel()
	for name, rule := range map[string]rpcerr.Rule{
		"lower case": rpcerr.Is(errDriver, codes.Aborted, "not_writer"),
		"too short":  rpcerr.Is(errDriver, codes.Aborted, "NO"),
		"too long":   rpcerr.Is(errDriver, codes.Aborted, "A123456789B123456789C123456789D123456789E123456789F123456789G123"),
		"OK":         rpcerr.Is(errDriver, codes.OK, "FINE"),
		"UNKNOWN":    rpcerr.Is(errDriver, codes.Unknown, "UNKNOWN"),
		"negative":   rpcerr.Is(errDriver, codes.Aborted, "NOT_WRITER").RetryAfter(-time.Second),
		"zero":       {},
	} {
		if _, err := rpcerr.NewTable(rule); err == nil {
			t.Errorf("%s: the rule was taken", name)
		}
	}
}

func TestWithPutsItsRulesFirst(t *testing.T) {
	t.Parallel()
	with, err := table(t).With(rpcerr.Is(errNotWriter, codes.FailedPrecondition, "STANDBY"))
	if err != nil {
		t.Fatal(err)
	}
	if s, _ := with.Status(t.Context(), errNotWriter); s.Code() != codes.FailedPrecondition {
		t.Errorf("got %v, want the new rule's FAILED_PRECONDITION", s.Code())
	}
	if diff := cmp.Diff([]string{"NOT_WRITER", "REVISION_AHEAD", "STANDBY"}, with.Reasons()); diff != "" {
		t.Errorf("reasons (-want +got):\n%s", diff)
	}
	var none *rpcerr.Table
	if _, err := none.With(); err != nil {
		t.Errorf("a table of nothing: %v", err)
	}
}

func TestReadingAReceivedError(t *testing.T) {
	t.Parallel()
	s, _ := table(t).Status(t.Context(), errNotWriter)
	err := fmt.Errorf("following the feed: %w", s.Err())
	if got := rpcerr.Reason(err); got != "NOT_WRITER" {
		t.Errorf("reason %q", got)
	}
	if delay, ok := rpcerr.RetryDelay(err); !ok || delay != 500*time.Millisecond {
		t.Errorf("retry delay %v, %t", delay, ok)
	}
	s, _ = table(t).Status(t.Context(), &behindError{requested: 9, have: 7})
	if diff := cmp.Diff(map[string]string{"requested": "9", "have": "7"}, rpcerr.Metadata(s.Err())); diff != "" {
		t.Errorf("metadata (-want +got):\n%s", diff)
	}
	for _, err := range []error{nil, errDriver, status.Error(codes.Aborted, "bare"), s.Err()} {
		if _, ok := rpcerr.RetryDelay(err); ok {
			t.Errorf("%v asks for a retry", err)
		}
	}
	if got := rpcerr.Reason(errDriver); got != "" {
		t.Errorf("a plain error has reason %q", got)
	}
}
