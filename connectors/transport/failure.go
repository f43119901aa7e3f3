package transport

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"

	"github.com/lockstep-sync/lockstep/sync/fault"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// FromError tells what an error of Client.Do, or of reading an answer, means: a fault with that op, and whether a write
// that is not idempotent may have landed all the same. Err must not be nil. A fault that err already is comes back as a copy.
func FromError(op string, err error) (f *fault.Error, uncertain bool) {
	if fl, ok := errors.AsType[*failure](err); ok {
		c := fl.fault
		c.Op = op
		return &c, fl.uncertain
	}
	if known, ok := errors.AsType[*fault.Error](err); ok {
		c := *known
		if c.Op == "" {
			c.Op = op
		}
		return &c, false
	}
	c := classify(err)
	c.Op = op
	if u, ok := errors.AsType[*url.Error](err); ok {
		err = u.Err // without the address, whose query may hold what people typed
	}
	c.Err = err
	return &c, true
}

// TooLong reports that an error of Client.Do came because the answer was longer than is read: less may be asked for.
func TooLong(err error) bool { return errors.Is(err, errTooLong) }

// newFailure makes the error of a call. Its text is redacted and its cause is left behind.
func newFailure(source task.SourceID, where string, err error, f *flight) *failure {
	c := classify(err)
	c.Source = source
	text := fmt.Errorf("%s: %s", where, f.redact.text(err.Error()))
	out := &failure{fault: c, uncertain: f.mayHaveLanded()}
	switch {
	case errors.Is(err, context.Canceled):
		out.sentinel = context.Canceled
	case errors.Is(err, context.DeadlineExceeded):
		out.sentinel = context.DeadlineExceeded
	case errors.Is(err, errTooLong):
		out.sentinel = errTooLong
	}
	if out.sentinel != nil && !TooLong(out.sentinel) {
		text = fmt.Errorf("%s: %w", where, out.sentinel)
	}
	if held, ok := errors.AsType[*heldBackError](err); ok {
		out.sentinel = held.why
	}
	out.fault.Err = text
	return out
}

// classify gives kind, reason and hint of a transport error; the cause is the caller's to set.
func classify(err error) fault.Error {
	if held, ok := errors.AsType[*heldBackError](err); ok {
		return held.fault()
	}
	var dns *net.DNSError
	switch {
	case errors.Is(err, context.Canceled):
		return fault.Error{Kind: fault.Retryable, Reason: fault.Cancelled}
	case errors.Is(err, errTooLong):
		return fault.Error{
			Kind: fault.Permanent, Reason: fault.Invalid,
			Hint: "the answer is far longer than this tool should give: check the address",
		}
	case badCertificate(err):
		return fault.Error{
			Kind: fault.Permanent, Reason: fault.Unavailable,
			Hint: "the server's certificate cannot be trusted: check the address, the clock, and the installed certificates",
		}
	case misconfigured(err):
		return fault.Error{
			Kind: fault.Permanent, Reason: fault.Invalid,
			Hint: "the address cannot be used: it must begin with https:// (or http://) and name a host that speaks it",
		}
	case isTimeout(err):
		return fault.Error{Kind: fault.Retryable, Reason: fault.Timeout}
	case errors.As(err, &dns) && dns.IsNotFound:
		return fault.Error{
			Kind: fault.Retryable, Reason: fault.Unavailable,
			Hint: "the host's name is not known: check the address and the name server",
		}
	}
	return fault.Error{Kind: fault.Retryable, Reason: fault.Unavailable}
}

func isTimeout(err error) bool {
	var t interface{ Timeout() bool }
	return errors.Is(err, context.DeadlineExceeded) || errors.As(err, &t) && t.Timeout()
}

func badCertificate(err error) bool {
	var (
		verify    *tls.CertificateVerificationError
		authority x509.UnknownAuthorityError
		host      x509.HostnameError
		invalid   x509.CertificateInvalidError
	)
	return errors.As(err, &verify) || errors.As(err, &authority) || errors.As(err, &host) || errors.As(err, &invalid)
}

// misconfigured reports an error that will come back until the configuration changes.
func misconfigured(err error) bool {
	var record tls.RecordHeaderError
	if badCertificate(err) || errors.As(err, &record) {
		return true
	}
	// The standard library has no values for these.
	s := err.Error()
	return strings.Contains(s, "unsupported protocol scheme") || strings.Contains(s, "no Host in request URL") ||
		strings.Contains(s, "invalid header field") || strings.Contains(s, "server gave HTTP response to HTTPS client")
}
