// Package fault is the taxonomy of what goes wrong between Lockstep and a tool. The kind says what the engine does, the
// reason is a metric label, and the hint is for the operator.
package fault

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/lockstep-sync/lockstep/sync/task"
)

// Kind says what the engine does about an error.
type Kind string

// The kinds.
const (
	// Retryable: try again in a later cycle, after RetryAfter if it is set.
	Retryable Kind = "retryable"
	// Permanent: trying again will not help until somebody acts; Hint says what to do.
	Permanent Kind = "permanent"
	// Conflict: the tool holds something else than was expected. Nothing was written; re-read in the next cycle.
	Conflict Kind = "conflict"
	// Partial: some of it landed or was read. Settle that, try the rest again.
	Partial Kind = "partial"
	// Unknown: not classified. Counted, and each is a bug.
	Unknown Kind = "unknown"
)

// Reason is why, from a closed set: it is a metric label.
type Reason string

// The reasons.
const (
	Auth         Reason = "auth"         // the credential is wrong, expired or may not do this
	RateLimited  Reason = "rate_limited" // the tool asks for a pause
	Timeout      Reason = "timeout"      // no answer in time
	Unavailable  Reason = "unavailable"  // the tool is down, or cannot be reached
	NotFound     Reason = "not_found"    // the item, the project or the sheet is not there
	Invalid      Reason = "invalid"      // the tool refused the value, or answered what cannot be read
	Precondition Reason = "precondition" // the tool holds something else than was expected
	SchemaDrift  Reason = "schema_drift" // a column, field or status that was configured is gone
	Unsupported  Reason = "unsupported"  // the tool cannot do this
	Cancelled    Reason = "cancelled"    // we stopped
)

// Reasons returns every reason, sorted. The slice is the caller's.
func Reasons() []Reason {
	return []Reason{
		Auth, Cancelled, Invalid, NotFound, Precondition, RateLimited, SchemaDrift, Timeout, Unavailable, Unsupported,
	}
}

// Error is one thing that went wrong. It never holds a secret.
type Error struct {
	Kind   Kind
	Reason Reason
	Op     string // what was being done, a verb phrase: "pull page 3"
	Source task.SourceID
	Ref    task.Ref // zero where no single item is meant
	// RetryAfter is how long the tool asks to be left alone, or with a Ref the item; 0 where it did not say.
	RetryAfter time.Duration
	Hint       string // what the operator can do; "" where nothing need be done
	Err        error  // the cause; may be nil
}

// Error gives source, what was being done, and the cause in one line. The hint is not part of it.
func (e *Error) Error() string {
	var b strings.Builder
	if e.Source != "" {
		b.WriteString(string(e.Source) + ": ")
	}
	if e.Op != "" {
		b.WriteString(e.Op)
	} else {
		b.WriteString(string(e.Kind))
	}
	if e.Err != nil {
		b.WriteString(": " + e.Err.Error())
	} else {
		b.WriteString(": " + string(e.Reason))
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Of returns the fault that err is or wraps. An error that is no fault comes back as one: a cancelled context as
// Cancelled, a deadline as Timeout, all else as Unknown. Of(nil) is nil.
func Of(err error) *Error {
	if err == nil {
		return nil
	}
	if f, ok := errors.AsType[*Error](err); ok {
		if f == nil {
			return &Error{Kind: Unknown, Reason: Invalid, Err: errors.New("an error without content")}
		}
		return f
	}
	switch {
	case errors.Is(err, context.Canceled):
		return &Error{Kind: Retryable, Reason: Cancelled, Err: err}
	case errors.Is(err, context.DeadlineExceeded):
		return &Error{Kind: Retryable, Reason: Timeout, Err: err}
	}
	return &Error{Kind: Unknown, Reason: Invalid, Err: err}
}

// Is reports whether err is or wraps a fault of that kind.
func Is(err error, k Kind) bool {
	f, ok := errors.AsType[*Error](err)
	return ok && f.Kind == k
}

// HasReason reports whether err is or wraps a fault of that reason.
func HasReason(err error, r Reason) bool {
	f, ok := errors.AsType[*Error](err)
	return ok && f.Reason == r
}

// New makes a fault with a formatted cause; %w works.
func New(k Kind, r Reason, op, format string, args ...any) *Error {
	return &Error{Kind: k, Reason: r, Op: op, Err: fmt.Errorf(format, args...)}
}

// WithHint sets what the operator can do and returns e.
func (e *Error) WithHint(format string, args ...any) *Error {
	e.Hint = fmt.Sprintf(format, args...)
	return e
}
