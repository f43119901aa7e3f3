package match_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/lockstep-sync/lockstep/sync/match"
	"github.com/lockstep-sync/lockstep/sync/task"
)

const (
	card  = task.SourceID("card")
	jira  = task.SourceID("jira") // AquaFund's
	sheet = task.SourceID("sheet")
)

func rec(source task.SourceID, key, title, partner, marker string) task.Record {
	r := task.Record{Ref: task.Ref{Source: source, Key: key}, Marker: task.ID(marker), Name: key}
	r.Values[task.Title] = task.TextValue(title)
	if source == card {
		r.Values[task.Partner] = task.EnumValue(partner)
	}
	return r
}

func batch(source task.SourceID, partner string, rs ...task.Record) match.Batch {
	return match.Batch{Source: source, Partner: partner, Records: rs}
}

// tell writes a result in one line a record: "jira/7 → CW-1", "born aqua: card/~1 jira/7", "held card/~1 no_title".
func tell(r match.Result) []string {
	var out []string
	for ref, id := range r.Known {
		out = append(out, fmt.Sprintf("%s/%s → %s", ref.Source, ref.Key, id))
	}
	for _, g := range r.Born {
		var refs []string
		for _, rc := range g.Records {
			refs = append(refs, fmt.Sprintf("%s/%s", rc.Ref.Source, rc.Ref.Key))
		}
		slices.Sort(refs)
		out = append(out, strings.TrimSpace(fmt.Sprintf("born %s: %s %s", g.Partner, strings.Join(refs, " "), g.Marker)))
	}
	for _, h := range r.Held {
		out = append(out, fmt.Sprintf("held %s/%s %s", h.Source, h.Key, h.Reason))
	}
	slices.Sort(out)
	return out
}

func TestMatchTable(t *testing.T) {
	t.Parallel()
	known := func(id, title string, links ...match.Link) match.Task {
		return match.Task{ID: task.ID(id), Partner: "aqua", Title: title, Links: links}
	}
	live := func(s task.SourceID, key string) match.Link { return match.Link{Source: s, Key: key} }
	missing := func(s task.SourceID, key string) match.Link {
		return match.Link{Source: s, Key: key, Missing: true}
	}
	tests := []struct {
		name    string
		tasks   []match.Task
		batches []match.Batch
		want    []string
	}{
		{
			"a stored link",
			[]match.Task{known("CW-1", "dig", live(jira, "7"))},
			[]match.Batch{batch(jira, "aqua", rec(jira, "7", "Dig deeper", "", ""))},
			[]string{"jira/7 → CW-1"},
		},
		{
			"our mark, after an answer was lost",
			[]match.Task{known("CW-1", "dig")},
			[]match.Batch{batch(jira, "aqua", rec(jira, "7", "Dig", "", "CW-1"))},
			[]string{"jira/7 → CW-1"},
		},
		{
			"a mark on a copy",
			[]match.Task{known("CW-1", "dig", live(jira, "7"))},
			[]match.Batch{batch(jira, "aqua", rec(jira, "7", "Dig", "", "CW-1"), rec(jira, "8", "Dig", "", "CW-1"))},
			[]string{"held jira/8 duplicate_id", "jira/7 → CW-1"},
		},
		{
			"a mark from a store that is lost", nil,
			[]match.Batch{batch(card, "", rec(card, "CW-9", "Dig", "aqua", "CW-9")), batch(jira, "aqua", rec(jira, "7", "Dig", "", "CW-9"))},
			[]string{"born aqua: card/CW-9 jira/7 CW-9"},
		},
		{
			"a row that was being marked",
			[]match.Task{known("CW-1", "dig", live(sheet, "~abc.1"))},
			[]match.Batch{batch(sheet, "aqua", rec(sheet, "CW-1", "Dig", "", "CW-1"))},
			[]string{"sheet/CW-1 → CW-1"},
		},
		{
			"a new row and a new issue of one title", nil,
			[]match.Batch{batch(card, "", rec(card, "~1", "dig  Well", "aqua", "")), batch(jira, "aqua", rec(jira, "7", "Dig well", "", ""))},
			[]string{"born aqua: card/~1 jira/7"},
		},
		{
			"another partner's title", nil,
			[]match.Batch{batch(card, "", rec(card, "~1", "Dig well", "hydro", "")), batch(jira, "aqua", rec(jira, "7", "Dig well", "", ""))},
			[]string{"born aqua: jira/7", "born hydro: card/~1"},
		},
		{
			"two issues of one title, and a row", nil,
			[]match.Batch{batch(card, "", rec(card, "~1", "Dig", "aqua", "")), batch(jira, "aqua", rec(jira, "7", "Dig", "", ""), rec(jira, "8", "dig", "", ""))},
			[]string{"held card/~1 ambiguous", "held jira/7 ambiguous", "held jira/8 ambiguous"},
		},
		{
			"two issues of one title, and no row", nil,
			[]match.Batch{batch(jira, "aqua", rec(jira, "7", "Dig", "", ""), rec(jira, "8", "dig", "", ""))},
			[]string{"born aqua: jira/7", "born aqua: jira/8"},
		},
		{
			"a row that was cut and pasted without its id",
			[]match.Task{known("CW-1", "dig", live(jira, "7"), missing(card, "CW-1"))},
			[]match.Batch{batch(card, "", rec(card, "~1", "Dig", "aqua", ""))},
			[]string{"card/~1 → CW-1"},
		},
		{
			"an issue for a task that only the scorecard has",
			[]match.Task{known("CW-1", "dig", live(card, "CW-1"))},
			[]match.Batch{batch(jira, "aqua", rec(jira, "7", "Dig", "", ""))},
			[]string{"jira/7 → CW-1"},
		},
		{
			"the same, while our own create may have landed",
			[]match.Task{{
				ID: "CW-1", Partner: "aqua", Title: "dig", Links: []match.Link{live(card, "CW-1")}, Awaiting: []task.SourceID{jira},
			}},
			[]match.Batch{batch(jira, "aqua", rec(jira, "7", "Dig", "", ""))},
			[]string{"held jira/7 ambiguous"},
		},
		{
			"an issue of a title whose task has one",
			[]match.Task{known("CW-1", "dig", live(jira, "7"))},
			[]match.Batch{batch(jira, "aqua", rec(jira, "8", "Dig", "", ""))},
			[]string{"born aqua: jira/8"},
		},
		{
			"a row that lost its mark, of a task that was handed over and is in another tool too",
			[]match.Task{{ID: "CW-1", Partner: "city", Title: "dig", Links: []match.Link{live(jira, "7"), missing(sheet, "CW-1")}}},
			[]match.Batch{batch(sheet, "city", rec(sheet, "~1", "Dig", "", ""))},
			[]string{"sheet/~1 → CW-1"},
		},
		{
			"no title, no partner", nil,
			[]match.Batch{
				batch(card, "", rec(card, "~1", "", "aqua", ""), rec(card, "~2", "Dig", "", "")),
				batch(jira, "aqua", rec(jira, "7", "", "", "")),
			},
			[]string{"held card/~1 no_title", "held card/~2 unknown_partner", "held jira/7 no_title"},
		},
		{
			"a removed task is brought back by its mark, not by its title",
			[]match.Task{{ID: "CW-1", Partner: "aqua", Title: "dig", Removed: true}, {ID: "CW-2", Partner: "aqua", Title: "pump", Removed: true}},
			[]match.Batch{batch(card, "", rec(card, "CW-1", "Dig", "aqua", "CW-1"), rec(card, "~1", "Pump", "aqua", ""))},
			[]string{"born aqua: card/~1", "card/CW-1 → CW-1"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := tell(match.Match(tt.tasks, card, tt.batches)); !slices.Equal(got, tt.want) {
				t.Errorf("got  %q\nwant %q", got, tt.want)
			}
		})
	}
}

// Every record ends up in exactly one place, a task never gets two items of one source, and neither the order of batches
// nor that of records changes who belongs to whom.
func TestMatchIsAPartition(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		titles := rapid.SampledFrom([]string{"", "Dig", "dig", "Pump", "Pipe"})
		partners := rapid.SampledFrom([]string{"aqua", "city", ""})
		marks := rapid.SampledFrom([]string{"", "", "CW-1", "CW-2", "CW-3"})
		var tasks []match.Task
		for i := range rapid.IntRange(0, 3).Draw(t, "tasks") {
			k := match.Task{ID: task.ID(fmt.Sprintf("CW-%d", i+1)), Partner: partners.Draw(t, "p"), Title: strings.ToLower(titles.Draw(t, "t"))}
			for _, s := range []task.SourceID{card, jira, sheet} {
				if rapid.Bool().Draw(t, "linked") {
					k.Links = append(k.Links, match.Link{Source: s, Key: fmt.Sprintf("k%d", i), Missing: rapid.Bool().Draw(t, "missing")})
				}
			}
			tasks = append(tasks, k)
		}
		var batches []match.Batch
		n := 0
		for s, p := range map[task.SourceID]string{card: "", jira: "aqua", sheet: "city"} {
			b := batch(s, p)
			for i := range rapid.IntRange(0, 4).Draw(t, string(s)) {
				b.Records = append(b.Records, rec(s, fmt.Sprintf("k%d", i), titles.Draw(t, "t"), partners.Draw(t, "p"), marks.Draw(t, "m")))
				n++
			}
			batches = append(batches, b)
		}
		got := match.Match(tasks, card, batches)
		places := len(got.Known) + len(got.Held)
		taken := map[string]bool{}
		fill := func(id string, s task.SourceID) {
			if taken[id+string(s)] {
				t.Fatalf("%s has two items in %s: %q", id, s, tell(got))
			}
			taken[id+string(s)] = true
		}
		for ref, id := range got.Known {
			fill(string(id), ref.Source)
		}
		for i, g := range got.Born {
			places += len(g.Records)
			for _, r := range g.Records {
				fill(fmt.Sprint(i, g.Marker), r.Ref.Source)
			}
		}
		if places != n {
			t.Fatalf("%d records are in %d places: %q", n, places, tell(got))
		}
		slices.Reverse(batches)
		if again := tell(match.Match(tasks, card, batches)); !slices.Equal(again, tell(got)) {
			t.Fatalf("the order of batches shows:\n%q\n%q", tell(got), again)
		}
	})
}

func TestFold(t *testing.T) {
	t.Parallel()
	folded := map[string]bool{}
	for _, s := range []string{"Dig  Well", "dig well", " DIG\nWELL "} {
		folded[match.Fold(task.TextValue(s))] = true
	}
	if got := slices.Collect(maps.Keys(folded)); len(got) != 1 {
		t.Errorf("one title folds to %q", got)
	}
	if got := match.Fold(task.UnreadableValue("x")); got != "" {
		t.Errorf("an unreadable title folds to %q", got)
	}
}
