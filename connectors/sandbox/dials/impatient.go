package dials

import (
	"context"
	"io"
	"net/http"
	"strconv"
)

// requestHeader names a request of a client of Impatient to the panel.
const requestHeader = "Sandbox-Request"

// Impatient is base for a client that runs out of time as soon as a HangAfter has done its work and falls silent, and at no other
// time: what a test finds then does not hang on how busy the machine is. The error is context.DeadlineExceeded.
func (p *Panel) Impatient(base http.RoundTripper) http.RoundTripper { return impatient{p, base} }

type impatient struct {
	panel *Panel
	base  http.RoundTripper
}

func (i impatient) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancelCause(r.Context())
	r = r.Clone(ctx)
	name := i.panel.enter(cancel)
	end := func() {
		i.panel.leave(name)
		cancel(nil)
	}
	r.Header.Set(requestHeader, name)
	resp, err := i.base.RoundTrip(r)
	if err != nil {
		if r.Context().Err() != nil {
			err = context.Cause(ctx)
		}
		end()
		return nil, err
	}
	resp.Body = ending{resp.Body, end}
	return resp, nil
}

// ending is a body whose request is over when it is closed.
type ending struct {
	io.ReadCloser
	end func()
}

func (e ending) Close() error {
	defer e.end()
	return e.ReadCloser.Close()
}

// enter gives a request of Impatient a name.
func (p *Panel) enter(cancel context.CancelCauseFunc) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked++
	name := strconv.Itoa(p.asked)
	if p.patience == nil {
		p.patience = make(map[string]context.CancelCauseFunc)
	}
	p.patience[name] = cancel
	return name
}

func (p *Panel) leave(name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.patience, name)
}

// tire has the client of a request that hangs give up, if it is one of Impatient.
func (p *Panel) tire(r *http.Request) {
	p.mu.Lock()
	cancel := p.patience[r.Header.Get(requestHeader)]
	p.mu.Unlock()
	if cancel != nil {
		cancel(context.DeadlineExceeded)
	}
}
