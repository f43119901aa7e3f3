package jira

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/lockstep-sync/lockstep/connectors"
	sandbox "github.com/lockstep-sync/lockstep/connectors/sandbox/jira"
)

func (tl *tool) presences(ids ...string) []connectors.Presence {
	tl.t.Helper()
	got, err := tl.Confirm(tl.t.Context(), ids)
	if err != nil {
		tl.t.Fatal(err)
	}
	var out []connectors.Presence
	for _, id := range ids {
		out = append(out, got[id].Presence)
	}
	return out
}

// An issue that a security level hides looks as if it were deleted. Where there are such levels, only Jira's own word counts.
func TestHiddenIsNotGone(t *testing.T) {
	t.Parallel()
	for _, flavor := range []sandbox.Flavor{sandbox.Cloud, sandbox.DataCenter} {
		t.Run(string(flavor), func(t *testing.T) {
			t.Parallel()
			tl := start(t, setup{jira: sandbox.Options{Flavor: flavor}})
			var keys, ids []string
			for i := range 3 {
				keys = append(keys, tl.srv.Add(sandbox.Seed{Summary: fmt.Sprint(i)}))
				ids = append(ids, tl.view(keys[i]).ID)
			}
			tl.read()
			if err := tl.srv.Delete(keys[2]); err != nil {
				t.Fatal(err)
			}
			if got, want := tl.presences(ids...), []connectors.Presence{connectors.Present, connectors.Present, connectors.Gone}; !slices.Equal(got, want) {
				t.Fatalf("%v, want %v", got, want)
			}
			tl.srv.OpenLevel("Partners", true)
			if err := tl.srv.Secure(keys[1], "Board only"); err != nil {
				t.Fatal(err)
			}
			want := []connectors.Presence{connectors.Present, connectors.NoAccess, connectors.NoAccess}
			if got := tl.presences(ids...); !slices.Equal(got, want) {
				t.Errorf("%v, want %v", got, want)
			}
			tl.HintDeleted(ids[2])
			tl.read()
			want[2] = connectors.Gone
			if got := tl.presences(ids...); !slices.Equal(got, want) {
				t.Errorf("%v, want %v", got, want)
			}
		})
	}
}

// Of a project that may not be browsed any more, nothing is read one by one.
func TestALostProjectCostsLittle(t *testing.T) {
	t.Parallel()
	tl := start(t, setup{})
	var ids []string
	for i := range 150 {
		ids = append(ids, tl.view(tl.srv.Add(sandbox.Seed{Summary: fmt.Sprint(i)})).ID)
	}
	tl.read()
	if err := tl.srv.DenyProject("WASH"); err != nil {
		t.Fatal(err)
	}
	tl.requests()
	for i, p := range tl.presences(ids...) {
		if p != connectors.NoAccess {
			t.Fatalf("issue %d is %q", i, p)
		}
	}
	if got := tl.requests(); len(got) > 4 {
		t.Errorf("it cost %s", strings.Join(got, ", "))
	}
}
