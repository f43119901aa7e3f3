package jira

import (
	"bytes"
	"io"
	"net/http"
	"sync"
	"testing"
	"time"

	sandbox "github.com/lockstep-sync/lockstep/connectors/sandbox/jira"
)

// tape plays back what a Jira answered, so that a measure of the connector does not measure the sandbox.
type tape struct {
	jira    http.RoundTripper
	mu      sync.Mutex
	answers map[string]*http.Response
	bodies  map[string][]byte
}

func (t *tape) RoundTrip(r *http.Request) (*http.Response, error) {
	key := r.Method + " " + r.URL.String()
	var body []byte
	if r.Body != nil {
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
	}
	key += "\n" + string(body)
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.answers[key] == nil {
		in := r.Clone(r.Context())
		in.Body = io.NopCloser(bytes.NewReader(body))
		resp, err := t.jira.RoundTrip(in)
		if err != nil {
			return nil, err
		}
		if t.bodies[key], err = io.ReadAll(resp.Body); err != nil {
			return nil, err
		}
		t.answers[key] = resp
	}
	out := *t.answers[key]
	out.Body, out.Request = io.NopCloser(bytes.NewReader(t.bodies[key])), r
	return &out, nil
}

// BenchmarkPull is the time of our own that pulls of 10,000 issues take: the first one, one in which nothing changed, and
// one with the census of all of them.
func BenchmarkPull(b *testing.B) {
	for _, sp := range []spoken{{"cloud", sandbox.Cloud, 3}, {"data center", sandbox.DataCenter, 2}} {
		s := newBigJira(b, sp, 10_000, 0, weeks)
		played := &tape{jira: s.meter, answers: map[string]*http.Response{}, bodies: map[string][]byte{}}
		fresh := func() *Connector {
			o := s.conn.o
			o.Base = played
			c, err := New(s.conn.cfg, o)
			if err != nil {
				b.Fatal(err)
			}
			return c
		}
		pull := func(b *testing.B, c *Connector, cursor string) string {
			b.Helper()
			snap, err := c.Pull(b.Context(), cursor)
			if err != nil {
				b.Fatal(err)
			}
			return snap.Cursor
		}
		pull(b, fresh(), "")
		b.Run(sp.name+"/first", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				pull(b, fresh(), "")
			}
		})
		c := fresh()
		cursor := pull(b, c, pull(b, c, ""))
		b.Run(sp.name+"/idle", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				cursor = pull(b, c, cursor)
			}
		})
		b.Run(sp.name+"/census", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				c.upkeep.countedAt = time.Time{}
				for cursor = pull(b, c, cursor); c.upkeep.census != nil; cursor = pull(b, c, cursor) {
				}
			}
		})
	}
}
