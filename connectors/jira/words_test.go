package jira

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/lockstep-sync/lockstep/sync/task"
)

func TestWithoutOrder(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"project = WASH":                           "project = WASH",
		"project = WASH ORDER BY key":              "project = WASH",
		"project = WASH\n  order\tby rank DESC":    "project = WASH",
		`(project = "A")ORDER BY key`:              `(project = "A")`,
		`summary ~ "the order by hand" ORDER BY k`: `summary ~ "the order by hand"`,
		`summary ~ "a \" order by b"`:              `summary ~ "a \" order by b"`,
		`labels = 'x order by y' order by z`:       `labels = 'x order by y'`,
		"reorder by = 1":                           "reorder by = 1",
		"orderly = 1":                              "orderly = 1",
		"order by key":                             "",
		" ORDER BY":                                "",
		"x = order":                                "x = order",
		"":                                         "",
		`x = "`:                                    `x = "`,
	} {
		if got := withoutOrder(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestMarkers(t *testing.T) {
	t.Parallel()
	for label, want := range map[string]task.ID{
		"lockstep-CW-42": "CW-42", "lockstep-A1_B-7": "A1_B-7",
		"lockstep-CW-": "", "lockstep--1": "", "lockstep-42": "", "lockstep-cw-42": "", "Lockstep-CW-42": "",
		"lockstep-CW-4x": "", "CW-42": "", "": "",
	} {
		if got, ok := markerOf(label); got != want || ok != (want != "") {
			t.Errorf("%q: got %q, %v", label, got, ok)
		}
	}
}

func TestQuotedTextStaysOneLiteral(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		s := rapid.String().Draw(rt, "s")
		q := quoteJQL(s)
		if withoutOrder("a = "+q+" ORDER BY key") != "a = "+q {
			rt.Fatalf("%q breaks out of its quotes as %s", s, q)
		}
	})
}
