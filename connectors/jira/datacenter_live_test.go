package jira

import (
	"fmt"
	"strings"
	"testing"

	sandbox "github.com/lockstep-sync/lockstep/connectors/sandbox/jira"
	"github.com/lockstep-sync/lockstep/sync/fault"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// An unknown personal access token is served as a visitor, who finds no issues: nothing is concluded from that.
func TestUnknownAccessToken(t *testing.T) {
	t.Parallel()
	for _, flavor := range []string{"auto", "datacenter"} {
		tl := start(t, setup{jira: sandbox.Options{Flavor: sandbox.DataCenter}, change: func(c *Config, _ *Options) { c.Flavor = flavor }})
		tl.srv.Add(sandbox.Seed{Summary: "A"})
		snap := tl.read()
		tl.srv.ExpireToken(sandbox.TokenSilent)
		unknown := func(err error) {
			t.Helper()
			if f := wantFault(t, err, fault.Permanent, fault.Auth); !strings.Contains(f.Hint, "personal access token") {
				t.Errorf("hint %q", f.Hint)
			}
		}
		for range 2 {
			_, err := tl.Pull(t.Context(), tl.cursor)
			unknown(err)
			_, err = tl.Confirm(t.Context(), []string{snap.Records[0].Ref.Key})
			unknown(err)
			_, _, err = tl.Find(t.Context(), "CW-1")
			unknown(err)
			unknown(tl.apply(change(snap.Records[0], task.Title, task.TextValue("B")))[0].Err)
			tl.restart() // and so it is for who has never been let in
		}
		tl.srv.ExpireToken(sandbox.TokenGood)
		if got := tl.full(); !got.Complete || len(got.Records) != 1 {
			t.Errorf("got %+v", got)
		}
	}
}

// A user name and a password do as well. After wrong ones Jira wants to see a person.
func TestPassword(t *testing.T) {
	t.Parallel()
	tl := start(t, setup{jira: sandbox.Options{Flavor: sandbox.DataCenter}, change: func(c *Config, _ *Options) { c.Email = "BOT" }})
	tl.srv.Add(sandbox.Seed{Summary: "A"})
	if snap := tl.read(); len(snap.Records) != 1 {
		t.Fatalf("got %+v", snap)
	}
	right := tl.cfg.Token
	tl.cfg.Token = "wrong"
	for range 5 {
		tl.restart()
		_, err := tl.Pull(t.Context(), "")
		wantFault(t, err, fault.Permanent, fault.Auth)
	}
	tl.cfg.Token = right
	tl.restart()
	_, err := tl.Pull(t.Context(), "")
	if f := wantFault(t, err, fault.Permanent, fault.Auth); !strings.Contains(f.Hint, "CAPTCHA") {
		t.Errorf("hint %q", f.Hint)
	}
}

// What k changed issues cost: a read and an edit each, and a read of all of them.
func TestDataCenterCosts(t *testing.T) {
	t.Parallel()
	const k = 130
	tl := start(t, setup{jira: sandbox.Options{Flavor: sandbox.DataCenter}})
	for i := range k {
		tl.srv.Add(sandbox.Seed{Summary: fmt.Sprintf("Issue %d", i)})
	}
	snap := tl.read()
	var ps []task.Patch
	for _, r := range snap.Records {
		ps = append(ps, change(r, task.Due, date(t, "2026-07-01")))
	}
	tl.requests()
	for _, rc := range tl.must(ps...) {
		if rc.Record.Values[task.Due] != date(t, "2026-07-01") {
			t.Fatalf("read back %+v", rc.Record)
		}
	}
	n := map[string]int{}
	for _, r := range tl.requests() {
		method, path, _ := strings.Cut(r, " ")
		n[method+" "+strings.TrimRight(path, "0123456789")]++
	}
	if n["GET /issue/"] != k || n["PUT /issue/"] != k || n["POST /search"] != 2 || n["GET /mypermissions"] != 1 || len(n) != 4 {
		t.Errorf("%v", n)
	}
	if snap := tl.full(); len(snap.Records) != k {
		t.Errorf("%d records", len(snap.Records))
	}
	if got := tl.read(); len(got.Records) > 0 && got.Records[0].Values[task.Due] != date(t, "2026-07-01") {
		t.Errorf("read %+v", got.Records[0])
	}
}

// The server gives pages of the size that it likes, and people edit while they are read.
func TestDataCenterPages(t *testing.T) {
	t.Parallel()
	tl := start(t, setup{jira: sandbox.Options{Flavor: sandbox.DataCenter, MaxResults: 7}})
	want := map[string]bool{}
	for i := range 60 {
		want[tl.srv.Add(sandbox.Seed{Summary: fmt.Sprintf("Issue %d", i)})] = true
	}
	for _, r := range tl.read().Records {
		delete(want, r.Name)
	}
	if len(want) > 0 {
		t.Errorf("missed %v", want)
	}
}
