package rpcerr

import (
	"errors"
	"fmt"
	"regexp"
	"time"

	"google.golang.org/grpc/codes"
)

// maxReason is the length that AIP-193 allows a reason.
const maxReason = 63

// reasonForm is what AIP-193 wants a reason to look like.
var reasonForm = regexp.MustCompile(`^[A-Z][A-Z0-9_]+[A-Z0-9]$`)

// Rule says what one kind of error becomes.
type Rule struct {
	code   codes.Code
	reason string
	retry  time.Duration // 0 for no RetryInfo
	// match returns what of err a caller may see, if the rule is about err.
	match func(err error) (shown, bool)
}

// shown is the part of an error that leaves the process.
type shown struct {
	message  string
	metadata map[string]string
	retry    time.Duration // in place of the rule's when not 0
}

// Is makes a rule for errors that wrap the sentinel. Callers see the sentinel's own text: what was wrapped around it
// may hold anything, a driver's words too, and goes to the log alone.
func Is(sentinel error, code codes.Code, reason string) Rule {
	return Rule{code: code, reason: reason, match: func(err error) (shown, bool) {
		if sentinel == nil || !errors.Is(err, sentinel) {
			return shown{}, false
		}
		return shown{message: sentinel.Error()}, true
	}}
}

// As makes a rule for errors that wrap an E. Callers see E's own text, and the metadata that it gives; metadata may
// be nil, and its keys are written in camelCase.
func As[E error](code codes.Code, reason string, metadata func(E) map[string]string) Rule {
	return Rule{code: code, reason: reason, match: func(err error) (shown, bool) {
		found, ok := errors.AsType[E](err)
		if !ok {
			return shown{}, false
		}
		s := shown{message: found.Error()}
		if metadata != nil {
			s.metadata = metadata(found)
		}
		if wait, ok := any(found).(interface{ RetryAfter() time.Duration }); ok {
			s.retry = wait.RetryAfter()
		}
		return s, true
	}}
}

// RetryAfter returns the rule with a RetryInfo that asks callers to wait so long before they try again.
func (r Rule) RetryAfter(delay time.Duration) Rule {
	r.retry = delay
	return r
}

// validate returns what is wrong with the rule.
func (r Rule) validate() error {
	switch {
	case r.match == nil:
		return errors.New("a rule is made by Is or As")
	case r.code == codes.OK || r.code == codes.Unknown || r.code > codes.Unauthenticated:
		return fmt.Errorf("rule %s: %v is no code for an error", r.reason, r.code)
	case len(r.reason) > maxReason || !reasonForm.MatchString(r.reason):
		return fmt.Errorf("rule %q: a reason is UPPER_SNAKE_CASE of 3 to %d letters", r.reason, maxReason)
	case r.retry < 0:
		return fmt.Errorf("rule %s: retry delay %v is negative", r.reason, r.retry)
	default:
		return nil
	}
}
