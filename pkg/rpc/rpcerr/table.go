package rpcerr

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/protoadapt"
)

// internalMessage is all that callers see of an error that no rule is about.
const internalMessage = "internal error"

// Table is the list of a service's errors and what they become. It does not change once it is made.
type Table struct {
	rules []Rule
}

// NewTable makes a table. The first rule that is about an error decides. It reports every rule that is not well
// formed; reasons may repeat, since two errors can mean the same to a caller.
func NewTable(rules ...Rule) (*Table, error) {
	var problems []error
	for _, r := range rules {
		problems = append(problems, r.validate())
	}
	if err := errors.Join(problems...); err != nil {
		return nil, err
	}
	return &Table{rules: slices.Clone(rules)}, nil
}

// With returns a table of the given rules and, after them, those of t, which may be nil.
func (t *Table) With(rules ...Rule) (*Table, error) {
	if t != nil {
		rules = slices.Concat(rules, t.rules)
	}
	return NewTable(rules...)
}

// Reasons lists the reasons that the table's rules give, sorted, each once. The Reason constants come on top.
func (t *Table) Reasons() []string {
	var all []string
	for _, r := range t.rules {
		all = append(all, r.reason)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// Status returns what callers may see of err, and whether err was expected: an unexpected one becomes INTERNAL and
// has to be logged by whoever asks, since its text goes nowhere else. ctx is the rpc's; err is not nil.
//
// In this order: rejected fields, the table's rules, a status that err carries, the end of ctx, a context's end
// anywhere in err.
func (t *Table) Status(ctx context.Context, err error) (s *status.Status, expected bool) {
	if all := invalidIn(err); len(all) > 0 {
		return invalidStatus(all), true
	}
	for _, r := range t.rules {
		if see, ok := r.match(err); ok {
			var more []protoadapt.MessageV1
			if retry := cmp.Or(see.retry, r.retry); retry > 0 {
				more = append(more, retryInfo(retry))
			}
			return build(r.code, r.reason, see, more), true
		}
	}
	if s, ok := statusOf(err); ok {
		return complete(s)
	}
	if ended := ctx.Err(); ended != nil {
		err = ended // whatever else went wrong, the caller does not wait for it any more
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return build(codes.DeadlineExceeded, ReasonDeadlineExceeded, endOf(ctx, context.DeadlineExceeded), nil), true
	case errors.Is(err, context.Canceled):
		return build(codes.Canceled, ReasonCancelled, endOf(ctx, context.Canceled), nil), true
	default:
		return internal(), false
	}
}

// endOf describes the end of a context: by the cause that was given to it, if there is one. Causes come from our own code.
func endOf(ctx context.Context, otherwise error) shown {
	if cause := context.Cause(ctx); cause != nil {
		return shown{message: cause.Error()}
	}
	return shown{message: otherwise.Error()}
}

// internal is the status of everything unexpected.
func internal() *status.Status {
	return build(codes.Internal, ReasonInternal, shown{message: internalMessage}, nil)
}

// complete returns a status that somebody made by hand, with the ErrorInfo that it may lack. UNKNOWN is what gRPC
// makes of errors that nobody thought about, so it is treated as such.
func complete(s *status.Status) (*status.Status, bool) {
	switch {
	case s.Code() == codes.OK || s.Code() == codes.Unknown || s.Code() > codes.Unauthenticated:
		return internal(), false
	case slices.ContainsFunc(s.Details(), func(d any) bool { _, ok := d.(*errdetails.ErrorInfo); return ok }):
		return s, true
	}
	info := &errdetails.ErrorInfo{Reason: codeReason(s.Code()), Domain: Domain}
	if with, err := s.WithDetails(info); err == nil {
		s = with
	}
	return s, true
}

// codeReason spells a code as a reason: codes.ResourceExhausted is "RESOURCE_EXHAUSTED".
func codeReason(c codes.Code) string {
	if c == codes.Canceled {
		return ReasonCancelled // the code's name in the specification has two l's, its Go constant one
	}
	var b strings.Builder
	for i, r := range c.String() {
		if i > 0 && r >= 'A' && r <= 'Z' {
			b.WriteByte('_')
		}
		b.WriteRune(r)
	}
	return strings.ToUpper(b.String())
}

// build makes a status with one ErrorInfo and more details. Details that cannot be encoded are left out rather than
// the error with them; the types used here can always be.
func build(code codes.Code, reason string, see shown, more []protoadapt.MessageV1) *status.Status {
	s := status.New(code, see.message)
	info := &errdetails.ErrorInfo{Reason: reason, Domain: Domain, Metadata: see.metadata}
	if with, err := s.WithDetails(append([]protoadapt.MessageV1{info}, more...)...); err == nil {
		return with
	}
	return s
}
