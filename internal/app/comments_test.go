package app_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/lockstep-sync/lockstep/internal/demo"
)

// notes are those of a task on the scorecard, as people read them there.
func (r *rig) notes(title string) string {
	at, _ := r.find(r.Scorecard, demo.ScorecardTab, "Title", title)
	cell := r.Google.Cell(r.Scorecard, demo.ScorecardTab, r.column(r.Scorecard, demo.ScorecardTab, "Notes")+fmt.Sprint(at))
	if cell == nil {
		return ""
	}
	return fmt.Sprint(cell)
}

func (r *rig) write(t *testing.T, title, notes string) {
	t.Helper()
	at, _ := r.find(r.Scorecard, demo.ScorecardTab, "Title", title)
	if err := r.Google.Type(r.Scorecard, demo.ScorecardTab, r.column(r.Scorecard, demo.ScorecardTab, "Notes")+fmt.Sprint(at), notes); err != nil {
		t.Fatal(err)
	}
}

// said are the comments of a task's issue.
func (r *rig) said(title string) string {
	key, _ := r.key(title)
	v, _ := r.Jira.Issue(key)
	var out []string
	for _, c := range v.CommentViews {
		out = append(out, c.Author+": "+c.Text)
	}
	return strings.Join(out, " | ")
}

// Comments become notes and notes comments, also when both come at once; and then there is silence.
func TestUpdatesGoBothWays(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.extra = ", comments: all"
	r.app = r.open(t)
	key, _ := r.key(drill)
	say := func(text string) {
		t.Helper()
		if _, err := r.Jira.AddComment(key, "Amina Diallo", text); err != nil {
			t.Fatal(err)
		}
	}
	say("The rig is on the site")
	r.settle(t)
	if got := r.notes(drill); !strings.HasSuffix(got, " Amina Diallo: The rig is on the site") {
		t.Fatalf("the scorecard says %q", got)
	}
	// One writes in Jira while another writes on the scorecard.
	say("Forty metres")
	r.write(t, drill, "Diesel has been paid\n"+r.notes(drill))
	r.settle(t)
	r.settle(t)
	if got, want := r.said(drill), "Amina Diallo: The rig is on the site | Amina Diallo: Forty metres | Lockstep: Diesel has been paid"; got != want {
		t.Errorf("Jira says %q, want %q", got, want)
	}
	got := r.notes(drill)
	for _, want := range []string{"Amina Diallo: The rig is on the site", "Amina Diallo: Forty metres", "Lockstep: Diesel has been paid"} {
		if strings.Count(got, want) != 1 {
			t.Errorf("the scorecard says %q, want %q once", got, want)
		}
	}
	if n := strings.Count(got, "\n"); n != 2 {
		t.Errorf("the scorecard says %q", got)
	}
	for range 3 {
		if rep := r.cycle(t); len(rep.Patches) > 0 {
			t.Errorf("a quiet cycle plans %+v", rep.Patches)
		}
	}
	// A comment that is corrected is corrected on the scorecard.
	v, _ := r.Jira.Issue(key)
	if err := r.Jira.EditComment(key, v.CommentViews[1].ID, "Amina Diallo", "Fifty metres"); err != nil {
		t.Fatal(err)
	}
	r.settle(t)
	if got := r.notes(drill); !strings.Contains(got, "Fifty metres") || strings.Contains(got, "Forty") {
		t.Errorf("the scorecard says %q", got)
	}
	r.whole(t)
}

// The real Jira's index shows a comment late; what was written on the scorecard meanwhile is sent once all the same.
func TestUpdatesWithALateIndex(t *testing.T) {
	t.Parallel()
	r := newRigWith(t, demo.Options{Listen: "127.0.0.1:0", IndexLag: 90 * time.Second})
	r.extra = ", comments: all"
	r.app = r.open(t)
	r.settle(t)
	for i := range 4 {
		r.write(t, drill, fmt.Sprintf("News %d\n%s", i, r.notes(drill)))
		for range 6 {
			r.cycle(t)
		}
	}
	if got := strings.Count(r.said(drill), "News"); got != 4 {
		t.Errorf("%d comments, want 4: %s", got, r.said(drill))
	}
	if got := strings.Count(r.notes(drill), "News"); got != 4 {
		t.Errorf("the scorecard says %q", r.notes(drill))
	}
}
