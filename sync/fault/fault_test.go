package fault_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"testing"
	"time"

	"github.com/lockstep-sync/lockstep/sync/fault"
	"github.com/lockstep-sync/lockstep/sync/task"
)

func TestOf(t *testing.T) {
	t.Parallel()
	limited := &fault.Error{Kind: fault.Retryable, Reason: fault.RateLimited, RetryAfter: time.Minute}
	for _, c := range []struct {
		name   string
		in     error
		kind   fault.Kind
		reason fault.Reason
	}{
		{"a fault", limited, fault.Retryable, fault.RateLimited},
		{"a wrapped fault", fmt.Errorf("pull page 3: %w", limited), fault.Retryable, fault.RateLimited},
		{"a joined fault", errors.Join(io.EOF, limited), fault.Retryable, fault.RateLimited},
		{"cancelled", context.Canceled, fault.Retryable, fault.Cancelled},
		{"wrapped cancelled", fmt.Errorf("read: %w", context.Canceled), fault.Retryable, fault.Cancelled},
		{"deadline", fmt.Errorf("read: %w", context.DeadlineExceeded), fault.Retryable, fault.Timeout},
		{"a fault around a cancel", fault.New(fault.Permanent, fault.Auth, "", "%w", context.Canceled), fault.Permanent, fault.Auth},
		{"anything else", io.ErrUnexpectedEOF, fault.Unknown, fault.Invalid},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := fault.Of(c.in)
			if f.Kind != c.kind || f.Reason != c.reason {
				t.Errorf("%s, %s; want %s, %s", f.Kind, f.Reason, c.kind, c.reason)
			}
			if !errors.Is(c.in, f) && !errors.Is(f, c.in) {
				t.Errorf("%v has lost its cause %v", f, c.in)
			}
		})
	}
	if f := fault.Of(nil); f != nil {
		t.Errorf("no error is %v", f)
	}
	if f := fault.Of(fmt.Errorf("outer: %w", limited)); f != limited {
		t.Error("Of made another fault of one that was there")
	}
}

func TestIsAndHasReason(t *testing.T) {
	t.Parallel()
	err := fmt.Errorf("outer: %w", fault.New(fault.Conflict, fault.Precondition, "update", "held %q", "x"))
	if !fault.Is(err, fault.Conflict) || fault.Is(err, fault.Partial) || !fault.HasReason(err, fault.Precondition) ||
		fault.HasReason(err, fault.Auth) {
		t.Errorf("%v is taken for something else", err)
	}
	if fault.Is(nil, fault.Conflict) || fault.HasReason(nil, fault.Auth) || fault.Is(io.EOF, fault.Unknown) {
		t.Error("what is no fault is taken for one")
	}
}

func TestErrorText(t *testing.T) {
	t.Parallel()
	for want, f := range map[string]*fault.Error{
		"aquafund-jira: pull page 3: 503 Service Unavailable": {
			Kind: fault.Retryable, Reason: fault.Unavailable, Op: "pull page 3", Source: "aquafund-jira", Ref: task.Ref{Key: "1"},
			Hint: "wait", Err: errors.New("503 Service Unavailable"),
		},
		"pull: timeout":            {Kind: fault.Retryable, Reason: fault.Timeout, Op: "pull"},
		"conflict: precondition":   {Kind: fault.Conflict, Reason: fault.Precondition},
		"s: permanent: no account": {Kind: fault.Permanent, Reason: fault.Auth, Source: "s", Err: errors.New("no account")},
	} {
		if got := f.Error(); got != want {
			t.Errorf("%q; want %q", got, want)
		}
	}
}

func TestNewWrapsItsCause(t *testing.T) {
	t.Parallel()
	f := fault.New(fault.Retryable, fault.Unavailable, "pull", "page %d: %w", 2, io.EOF).WithHint("wait %d minutes", 5)
	if !errors.Is(f, io.EOF) || f.Error() != "pull: page 2: EOF" || f.Hint != "wait 5 minutes" {
		t.Errorf("%v, hint %q", f, f.Hint)
	}
	if (&fault.Error{}).Unwrap() != nil {
		t.Error("a fault without a cause has one")
	}
}

func TestReasonsAreSortedAndClosed(t *testing.T) {
	t.Parallel()
	rs := fault.Reasons()
	if !slices.IsSorted(rs) || len(slices.Compact(slices.Clone(rs))) != len(rs) || len(rs) != 10 {
		t.Errorf("reasons %q", rs)
	}
	rs[0] = "changed by a caller"
	if fault.Reasons()[0] != fault.Auth {
		t.Error("a caller changed the reasons")
	}
}
