// Package transport is the one way in which connectors speak HTTP: with the credential set on every attempt, paced, with
// pauses honoured, answers bounded, secrets kept out of error texts, and every failure told as a fault.
//
// It never sends a write twice unless that is known to be safe: see Idempotent.
package transport

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"strconv"
	"sync"
	"time"

	"github.com/hashicorp/go-retryablehttp"
	"golang.org/x/time/rate"

	"github.com/lockstep-sync/lockstep/sync/fault"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// Options say how one source is spoken to. The zero value is usable: no credential, no pacing, the defaults below.
type Options struct {
	// Source is named in faults and handed to the Observer.
	Source task.SourceID
	// Authorize sets the credential on a request, on every attempt. Nil sets none.
	Authorize func(*http.Request)
	// Base carries the requests; nil means a pooled transport of our own.
	Base http.RoundTripper
	// Timeout bounds one attempt, the answer's body included. 0 means 30 s.
	Timeout time.Duration
	// MaxBody is the longest answer in bytes that is read, after unpacking. 0 means 64 MiB. A longer one is an error.
	MaxBody int64
	// InlineWait is the longest pause that is slept inside a call. 0 means 5 s. Where the tool asks for a longer one, the
	// answer comes back at once and FromResponse tells the pause.
	InlineWait time.Duration
	// Retries is how often a request is sent again where that is safe. 0 means 3, a negative number means never.
	Retries int
	// Rate and Burst pace requests; a Rate of 0 does not. A Burst of 0 means 1.
	Rate  rate.Limit
	Burst int
	// Gate holds each attempt back while the tool's limits ask for it; nil lets all through. A wait of up to InlineWait is
	// slept inside the call. A longer one ends it with a fault of reason RateLimited that tells the wait: the attempt was not
	// sent, so the observer does not hear of it, and a write is uncertain only if an earlier attempt made it so.
	Gate Gate
	// Observer is told of every attempt and pause; nil is not.
	Observer Observer
	// Secrets never appear in an error or in an error answer's body, neither as they are nor encoded. The credential that
	// Authorize sets need not be listed.
	Secrets []string
}

// Observer is told what is sent. It may be called from several goroutines.
type Observer interface {
	// Requested is called after each attempt.
	Requested(a Attempt)
	// Throttled is called before a pause that the tool asked for or that pacing demands.
	Throttled(source task.SourceID, wait time.Duration)
}

// Attempt is one request that was sent.
type Attempt struct {
	Source task.SourceID
	Method string
	Code   string // the answer's status, "timeout" or "error"
	Writes bool   // false where the request only reads: a GET, or a POST that its caller marked
	Took   time.Duration
}

const (
	defaultTimeout    = 30 * time.Second
	defaultMaxBody    = 64 << 20
	defaultInlineWait = 5 * time.Second
	defaultRetries    = 3
)

// NewClient returns a client that follows no redirect and keeps no cookie. The body of each answer has been read whole
// when Do returns, so reading it cannot fail. Errors of Do are for FromError.
func NewClient(o Options) *http.Client {
	if o.Timeout <= 0 {
		o.Timeout = defaultTimeout
	}
	if o.MaxBody <= 0 {
		o.MaxBody = defaultMaxBody
	}
	if o.InlineWait <= 0 {
		o.InlineWait = defaultInlineWait
	}
	if o.Retries == 0 {
		o.Retries = defaultRetries
	}
	if o.Base == nil {
		o.Base = pooled()
	}
	var pace *rate.Limiter
	if o.Rate > 0 {
		pace = rate.NewLimiter(o.Rate, max(o.Burst, 1))
	}
	rc := &retryablehttp.Client{
		HTTPClient: &http.Client{Transport: &attempts{o: o}, CheckRedirect: noRedirect},
		// A pause is either slept inline or not at all, so the policy decides on it first.
		CheckRetry:   o.again,
		Backoff:      o.backoff,
		RetryMax:     max(o.Retries, 0),
		ErrorHandler: retryablehttp.PassthroughErrorHandler,
	}
	c := &calls{o: o, pace: pace, next: &retryablehttp.RoundTripper{Client: rc}}
	rc.PrepareRetry = func(r *http.Request) error { return c.wait(r.Context()) }
	return &http.Client{Transport: c, CheckRedirect: noRedirect}
}

// noRedirect keeps a credential on its host, and a write from being sent on by a 307.
func noRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

func pooled() *http.Transport {
	return &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		ForceAttemptHTTP2:     true,
		MaxIdleConns:          16,
		MaxIdleConnsPerHost:   4,
		IdleConnTimeout:       60 * time.Second,
		TLSHandshakeTimeout:   10 * time.Second,
		ExpectContinueTimeout: time.Second,
	}
}

// flight follows one call through its attempts.
type flight struct {
	source     task.SourceID
	idempotent bool
	redact     *redactor

	mu sync.Mutex
	// landed says that the tool may have acted on an attempt: it stays set.
	landed bool
	// handBack says that the last answer is not to be waited on: see Passage.Done.
	handBack bool
}

func (f *flight) mayHaveLanded() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.landed
}

func (f *flight) handsBack() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.handBack
}

func (f *flight) handOver(back bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.handBack = back
}

func (f *flight) land() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.landed = true
}

type flightKey struct{}

func flightOf(ctx context.Context) *flight {
	f, _ := ctx.Value(flightKey{}).(*flight)
	return f
}

// calls is the outer round tripper: one RoundTrip is one call with all its attempts.
type calls struct {
	o    Options
	pace *rate.Limiter
	next http.RoundTripper
}

// RoundTrip sends the request, again where that is safe. Its errors are *failure.
func (c *calls) RoundTrip(req *http.Request) (*http.Response, error) {
	f := &flight{source: c.o.Source, idempotent: idempotent(req), redact: newRedactor(c.o.Secrets)}
	ctx := context.WithValue(req.Context(), flightKey{}, f)
	if err := c.wait(ctx); err != nil {
		if req.Body != nil {
			_ = req.Body.Close() // a round tripper closes the body whatever happens; the pause's error says more
		}
		return nil, c.fail(req, f, err)
	}
	resp, err := c.next.RoundTrip(req.WithContext(ctx))
	if err != nil {
		return nil, c.fail(req, f, err)
	}
	// What FromResponse quotes is redacted by the flight; the request that carried the credential goes no further.
	resp.Request = req.WithContext(ctx)
	if resp.StatusCode >= http.StatusMultipleChoices {
		if err := f.redact.body(resp); err != nil {
			return nil, c.fail(req, f, err)
		}
	}
	return resp, nil
}

// CloseIdleConnections closes the connections that are kept for reuse.
func (c *calls) CloseIdleConnections() {
	if ci, ok := c.o.Base.(interface{ CloseIdleConnections() }); ok {
		ci.CloseIdleConnections()
	}
}

func (c *calls) fail(req *http.Request, f *flight, err error) error {
	// The query is left out: it says little and may hold what people typed.
	where := req.Method + " " + req.URL.Host + req.URL.Path
	return newFailure(c.o.Source, f.redact.text(where), err, f)
}

// wait pauses until pacing allows one more request.
func (c *calls) wait(ctx context.Context) error {
	if c.pace == nil {
		return nil
	}
	r := c.pace.Reserve()
	d := r.Delay()
	if d <= 0 {
		return nil
	}
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < d {
		r.Cancel()
		return fmt.Errorf("wait %s for pacing: %w", d.Round(time.Millisecond), context.DeadlineExceeded)
	}
	if err := c.o.sleep(ctx, d); err != nil {
		r.Cancel()
		return err
	}
	return nil
}

// attempts is the inner round tripper: one RoundTrip is one attempt.
type attempts struct{ o Options }

// RoundTrip sends the request once and reads the answer whole, so that a body that breaks off is an error here, where it
// is known whether to send again.
func (a *attempts) RoundTrip(req *http.Request) (*http.Response, error) {
	if a.o.Gate == nil {
		return a.send(req)
	}
	p := a.o.Gate.Enter(req)
	if err := a.o.pass(req.Context(), p); err != nil {
		p.Done(nil)
		if req.Body != nil {
			_ = req.Body.Close() // a round tripper closes the body whatever happens; the gate's error says more
		}
		return nil, err
	}
	resp, err := a.send(req)
	flightOf(req.Context()).handOver(p.Done(resp))
	return resp, err
}

// send is one attempt that nothing holds back any more.
func (a *attempts) send(req *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithTimeout(req.Context(), a.o.Timeout)
	defer cancel()
	f := flightOf(req.Context())
	var asked, got sync.Once
	askedConn, gotConn := make(chan struct{}), make(chan struct{})
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn: func(string) { asked.Do(func() { close(askedConn) }) },
		GotConn: func(httptrace.GotConnInfo) { got.Do(func() { close(gotConn) }) },
	})
	req = req.Clone(ctx)
	if a.o.Authorize != nil {
		a.o.Authorize(req)
	}
	f.redact.learn(req.Header.Get("Authorization"))

	start := time.Now()
	resp, err := a.o.Base.RoundTrip(req)
	if err == nil {
		err = a.buffer(resp)
	}
	a.observe(Attempt{Method: req.Method, Writes: !f.idempotent, Took: time.Since(start)}, resp, err)
	switch {
	case err != nil:
		// Without a connection no byte was written. A base that tells nothing of connections proves nothing.
		if !closed(askedConn) || closed(gotConn) {
			f.land()
		}
		return nil, err
	case resp.StatusCode != http.StatusTooManyRequests:
		f.land()
	}
	return resp, nil
}

func closed(c chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

var errTooLong = errors.New("the answer is longer than is read")

// maxErrorBody is how much of an error answer is read: what it says stands at its beginning, and it is copied to take
// secrets out of it.
const maxErrorBody = 1 << 20

// buffer reads the answer whole and closes it. What came of an error answer is kept even where it broke off, or is too long.
func (a *attempts) buffer(resp *http.Response) error {
	failed := resp.StatusCode >= http.StatusMultipleChoices
	most := a.o.MaxBody
	if failed {
		most = min(most, maxErrorBody)
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, most+1))
	_ = resp.Body.Close() // all that is wanted of it has been read
	if int64(len(body)) > most {
		if !failed {
			return fmt.Errorf("read the answer: %w: %d bytes", errTooLong, most)
		}
		body = body[:most]
	}
	if err != nil && !failed {
		return fmt.Errorf("read the answer: %w", err)
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	resp.ContentLength = int64(len(body))
	return nil
}

func (a *attempts) observe(t Attempt, resp *http.Response, err error) {
	if a.o.Observer == nil {
		return
	}
	t.Source, t.Code = a.o.Source, "error"
	switch {
	case err == nil:
		t.Code = strconv.Itoa(resp.StatusCode)
	case isTimeout(err):
		t.Code = "timeout"
	}
	a.o.Observer.Requested(t)
}

// failure is an error of a call, classified where everything about it was known. Its text holds no secret and, other
// than its cause, it may be shown.
type failure struct {
	fault     fault.Error
	uncertain bool
	sentinel  error // context.Canceled, context.DeadlineExceeded, errTooLong or a gate's reason; nil for the rest
}

func (f *failure) Error() string { return f.fault.Error() }

// Unwrap gives what the sentinel is alone: other causes may hold secrets in their texts.
func (f *failure) Unwrap() error { return f.sentinel }
