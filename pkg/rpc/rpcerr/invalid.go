package rpcerr

import (
	"errors"
	"fmt"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/protoadapt"
)

// InvalidError rejects a field of a request. It becomes INVALID_ARGUMENT with the field and its limit in the
// ErrorInfo, and a BadRequest. Several can be joined by errors.Join: the ErrorInfo is then about the first, and the
// BadRequest lists all.
type InvalidError struct {
	// Field is the path of the field in the request, as the .proto spells it: "keys[3].sr_id".
	Field string
	// Description says what the field has to be: "has to be digits".
	Description string
	// Limit is what the field must not exceed, in the field's own unit. Empty when it is not about a limit.
	Limit string
}

// Invalid rejects a field; the description is a format for args.
func Invalid(field, description string, args ...any) *InvalidError {
	return &InvalidError{Field: field, Description: fmt.Sprintf(description, args...)}
}

// WithLimit returns the error with the limit that was exceeded, a number or a duration as a rule.
func (e *InvalidError) WithLimit(limit any) *InvalidError {
	with := *e
	with.Limit = fmt.Sprint(limit)
	return &with
}

// Error names the field and what it has to be.
func (e *InvalidError) Error() string {
	return e.Field + ": " + e.Description
}

// invalidStatus makes the status of the rejected fields, of which there is at least one.
func invalidStatus(all []*InvalidError) *status.Status {
	metadata := map[string]string{"field": all[0].Field}
	if all[0].Limit != "" {
		metadata["limit"] = all[0].Limit
	}
	bad := &errdetails.BadRequest{}
	for _, e := range all {
		bad.FieldViolations = append(bad.FieldViolations, &errdetails.BadRequest_FieldViolation{
			Field: e.Field, Description: e.Description, Reason: ReasonInvalidField,
		})
	}
	message := all[0].Error()
	if more := len(all) - 1; more > 0 {
		message += fmt.Sprintf(" (and %d more)", more)
	}
	return build(codes.InvalidArgument, ReasonInvalidField, shown{message: message, metadata: metadata},
		[]protoadapt.MessageV1{bad})
}

// invalidIn collects the InvalidErrors of err's tree, in order.
func invalidIn(err error) []*InvalidError {
	switch e := err.(type) { //nolint:errorlint // the tree is walked by hand, to find all and not only the first
	case nil:
		return nil
	case *InvalidError:
		return []*InvalidError{e}
	case interface{ Unwrap() []error }:
		var all []*InvalidError
		for _, one := range e.Unwrap() {
			all = append(all, invalidIn(one)...)
		}
		return all
	default:
		return invalidIn(errors.Unwrap(err))
	}
}
