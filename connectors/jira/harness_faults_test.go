package jira

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/lockstep-sync/lockstep/connectors/connectortest"
	sandbox "github.com/lockstep-sync/lockstep/connectors/sandbox/jira"
)

// impatient gives a server that hangs little time. Any other has as long as a busy machine takes.
type impatient struct{ h *harness }

func (i impatient) RoundTrip(r *http.Request) (*http.Response, error) {
	i.h.mu.Lock()
	hangs := i.h.fault == connectortest.Hang
	i.h.mu.Unlock()
	if !hangs {
		return i.h.base.RoundTrip(r)
	}
	ctx, cancel := context.WithTimeout(r.Context(), 200*time.Millisecond)
	defer cancel()
	resp, err := i.h.base.RoundTrip(r.WithContext(ctx))
	if err != nil {
		return nil, err
	}
	_ = resp.Body.Close()
	return nil, errors.New("a server that hangs has answered")
}

// ServeHTTP is the sandbox, with the faults that the suite asks for.
func (h *harness) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	fault := h.fault
	h.mu.Unlock()
	writes := isWrite(r.Method, r.URL.Path)
	switch {
	case fault == connectortest.Unavailable:
		w.WriteHeader(http.StatusServiceUnavailable)
	case fault == connectortest.RateLimited:
		w.Header().Set("Retry-After", "90")
		w.Header().Set("RateLimit-Reason", "jira-quota-global-based")
		w.WriteHeader(http.StatusTooManyRequests)
	case fault == connectortest.Hang:
		_, _ = io.Copy(io.Discard, r.Body) // a server learns that its client left only once the body is read
		<-r.Context().Done()
	case fault == connectortest.LostRequest && writes:
		panic(http.ErrAbortHandler)
	case fault == connectortest.LostAnswer && writes:
		h.srv.ServeHTTP(httptest.NewRecorder(), r)
		panic(http.ErrAbortHandler)
	default:
		h.srv.ServeHTTP(w, r)
	}
}

func isWrite(method, path string) bool {
	return method != http.MethodGet && !strings.Contains(path+"/", "/search/") && !strings.HasSuffix(path, "/bulkfetch")
}

func (h *harness) Break(_ connectortest.T, f connectortest.Fault) func() {
	set := func(f connectortest.Fault) {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.fault = f
	}
	if f == connectortest.Unauthorized {
		h.srv.ExpireToken(sandbox.TokenRefused)
		return func() { h.srv.ExpireToken(sandbox.TokenGood) }
	}
	set(f)
	return func() {
		set("")
		if f == connectortest.RateLimited {
			h.clock.pass(90 * time.Second) // what was asked for
		}
	}
}
