package jira

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	sandbox "github.com/lockstep-sync/lockstep/connectors/sandbox/jira"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// A page of issues with very long texts can be longer than is read. Then fewer are asked for, also the next time.
func TestPagesThatAreTooLong(t *testing.T) {
	t.Parallel()
	onEvery(t, func(t *testing.T, sp spoken) {
		t.Helper()
		floods := 0
		tl := start(t, setup{jira: sandbox.Options{Flavor: sp.flavor}, change: func(_ *Config, o *Options) {
			o.CloudAPI, o.Rate = sp.api, 10_000
			next := o.Base
			o.Base = roundTripper(func(r *http.Request) (*http.Response, error) {
				if r.Body == nil {
					return next.RoundTrip(r)
				}
				body, err := io.ReadAll(r.Body)
				if err != nil {
					return nil, err
				}
				var in struct {
					Max int      `json:"maxResults"`
					IDs []string `json:"issueIdsOrKeys"`
				}
				if err := json.Unmarshal(body, &in); err == nil && (in.Max > 40 && strings.Contains(string(body), "summary") || len(in.IDs) > 40) {
					floods++
					return &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(io.LimitReader(spaces{}, 65<<20)), Request: r}, nil
				}
				r = r.Clone(r.Context())
				r.Body = io.NopCloser(bytes.NewReader(body))
				return next.RoundTrip(r)
			})
		}})
		for i := range 120 {
			tl.srv.Add(sandbox.Seed{Summary: fmt.Sprint(i)})
		}
		rs := tl.read().Records
		if len(rs) != 120 {
			t.Fatalf("%d issues", len(rs))
		}
		if floods > 5 {
			t.Errorf("%d answers were too long", floods)
		}
		was := floods
		tl.restartCursor()
		if n := len(tl.read().Records); n != 120 || floods != was {
			t.Errorf("%d issues, and %d more answers that were too long", n, floods-was)
		}
		tl.clock.pass(time.Hour)
		ps := make([]task.Patch, 0, len(rs))
		for _, r := range rs {
			ps = append(ps, change(r, task.Title, task.TextValue("New "+r.Name)))
		}
		tl.must(ps...)
	})
}

type spaces struct{}

func (spaces) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

// restartCursor has the next pull read everything.
func (tl *tool) restartCursor() { tl.cursor = "" }

// Jira wants the same list of issues to be reconciled on every page of a search, also where other pulls and writes come between.
func TestACensusReconcilesTheSameIssues(t *testing.T) {
	t.Parallel()
	tl := start(t, setup{jira: sandbox.Options{IndexLag: time.Minute}, change: func(_ *Config, o *Options) {
		o.Rate, o.CensusEvery, o.FullEvery = 10_000, 15*time.Minute, time.Hour
	}})
	for i := range 1100 {
		tl.srv.Add(sandbox.Seed{Summary: fmt.Sprint(i)})
	}
	tl.clock.pass(time.Hour)
	rs := tl.read().Records
	tl.clock.pass(2 * time.Hour) // a thorough census is due, of several pages
	var snap task.Snapshot
	for i := range 20 {
		tl.clock.pass(20 * time.Second)
		tl.must(change(tl.onceMore(rs[i].Name), task.Title, task.TextValue(fmt.Sprintf("New %d", i))))
		if snap = tl.read(); snap.Listing != nil {
			break
		}
	}
	if len(snap.Listing) != 1100 {
		t.Fatalf("the census came to %d issues", len(snap.Listing))
	}
}

// onceMore is a record read anew.
func (tl *tool) onceMore(name string) task.Record {
	tl.t.Helper()
	v := tl.view(name)
	out, err := tl.Confirm(tl.t.Context(), []string{v.ID})
	if err != nil {
		tl.t.Fatal(err)
	}
	return out[v.ID].Record
}

// Some databases keep moments to the second. A change within the second of one that was read looks as if nothing had happened,
// and is seen all the same, also where so much changed lately that only what is new is read.
func TestTwoChangesWithinASecond(t *testing.T) {
	t.Parallel()
	onEvery(t, func(t *testing.T, sp spoken) {
		t.Helper()
		tl := start(t, setup{jira: sandbox.Options{Flavor: sp.flavor, Seconds: true}, change: func(_ *Config, o *Options) { o.CloudAPI, o.Rate = sp.api, 10_000 }})
		var keys []string
		for i := range 2 * fewIssues {
			keys = append(keys, tl.srv.Add(sandbox.Seed{Summary: fmt.Sprint(i)}))
		}
		tl.clock.pass(time.Hour)
		tl.read()
		retitle := func(key, title string) {
			if err := tl.srv.Set(key, map[string]any{"summary": title}); err != nil {
				t.Fatal(err)
			}
		}
		for _, key := range keys {
			retitle(key, "first "+key)
		}
		tl.clock.pass(time.Minute)
		tl.read()
		tl.clock.pass(time.Minute)
		tl.clock.toSecond()
		retitle(keys[7], "second")
		if got := tl.record(keys[7]).Values[task.Title].String(); got != "second" {
			t.Fatalf("it is called %q", got)
		}
		retitle(keys[7], "third")
		tl.clock.pass(30 * time.Second)
		var got string
		for _, r := range tl.read().Records {
			if r.Name == keys[7] {
				got = r.Values[task.Title].String()
			}
		}
		if got != "third" {
			t.Errorf("read as %q: the third title was missed", got)
		}
		// Then it is quiet again.
		for range 3 {
			tl.clock.pass(time.Minute)
			tl.requests()
			tl.read()
			if n := len(tl.requests()); n > 2 {
				t.Errorf("an idle pull costs %d requests", n)
			}
		}
	})
}

// toSecond moves the clock to the beginning of the next second.
func (c *clock) toSecond() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Truncate(time.Second).Add(time.Second)
}
