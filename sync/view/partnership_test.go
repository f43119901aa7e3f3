package view_test

import (
	"slices"
	"testing"

	"github.com/lockstep-sync/lockstep/sync/view"
)

func TestSourcesAreNamedForPeople(t *testing.T) {
	t.Parallel()
	p := view.Partnership{
		Scorecard: "card", Partners: []view.Partner{{ID: "a", Name: "AquaFund"}}, Sources: []view.Source{
			{ID: "j", Kind: "jira", Partner: "a", Name: "j"},
			{ID: "s1", Kind: "sheet", Partner: "a"},
			{ID: "s2", Kind: "sheet", Partner: "a"},
			{ID: "named", Kind: "doc", Partner: "a", Name: "The minutes"},
			{ID: "card", Kind: "sheet"},
			{ID: "stray", Kind: "sheet", Partner: "gone"},
		},
	}
	named := p.Named()
	var got []string
	for _, s := range named.Sources {
		got = append(got, s.Name)
	}
	want := []string{"AquaFund’s Jira", "AquaFund’s sheet (s1)", "AquaFund’s sheet (s2)", "The minutes", "Scorecard", "stray"}
	if !slices.Equal(got, want) {
		t.Errorf("names %q; want %q", got, want)
	}
	if p.Sources[1].Name != "" {
		t.Error("the caller's sources were changed")
	}
}
