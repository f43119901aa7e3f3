package jira

import (
	"strings"
	"testing"

	"github.com/lockstep-sync/lockstep/sync/task"
)

func TestStatusNamesThatAreGone(t *testing.T) {
	t.Parallel()
	st := func(id, name, category string) wireStatus {
		return wireStatus{ID: id, Name: name, Category: wireCategory{Key: category}}
	}
	site := func(ss ...wireStatus) map[string]wireStatus {
		m := map[string]wireStatus{}
		for _, s := range ss {
			m[s.ID] = s
		}
		return m
	}
	config := map[string][]string{"blocked": {"Blocked"}}
	before := map[string][]string{"blocked": {"7"}}
	renamed := site(st("1", "To Do", "new"), st("7", "On Hold", "indeterminate"))

	m := newMeaning(config)
	ids, held := m.learn(renamed, before)
	if len(held) != 1 || held[0].Reason != task.HoldSchemaDrift || !strings.Contains(held[0].Hint, "“Blocked” is now called “On Hold”") {
		t.Errorf("renamed: held %+v", held)
	}
	if got, ok := m.of(renamed["7"], ""); !ok || got != task.Blocked {
		t.Errorf("a renamed status means %q", got)
	}
	if len(ids["blocked"]) != 1 {
		t.Errorf("the renamed status is forgotten: %v", ids)
	}

	m = newMeaning(config)
	if _, held = m.learn(renamed, nil); len(held) != 1 || !strings.Contains(held[0].Hint, "nearest name") {
		t.Errorf("never seen: held %+v", held)
	}
	if got, _ := m.of(renamed["7"], ""); got != task.InProgress {
		t.Errorf("never seen: means %q", got)
	}

	m = newMeaning(map[string][]string{"blocked": {"Blocked", "On Hold"}})
	if _, held = m.learn(renamed, before); len(held) != 0 {
		t.Errorf("the new name is configured: held %+v", held)
	}

	m = newMeaning(map[string][]string{"cancelled": {"Won't Do"}})
	if _, held = m.learn(renamed, nil); len(held) != 0 {
		t.Errorf("it may be a resolution that nothing shows yet: held %+v", held)
	}
	m.resolution("Done")
	m.resolution("Wont Do")
	if _, held = m.learn(renamed, nil); len(held) != 1 || !strings.Contains(held[0].Hint, "Wont Do") {
		t.Errorf("a resolution that is not there: held %+v", held)
	}
}

func TestChooseResolution(t *testing.T) {
	t.Parallel()
	closed := wireStatus{ID: "3", Name: "Closed", Category: wireCategory{Key: "done"}}
	for _, tc := range []struct {
		config  map[string][]string
		want    string
		offered string
		choice  string
	}{
		{nil, task.Done, "Won't Do,Fixed,Done", "Done"},
		{nil, task.Done, "Won't Do,Fixed", "Fixed"},
		{nil, task.Done, "Won't Do,Delivered", "Delivered"},
		{nil, task.Done, "Won't Do,Duplicate", ""},
		{nil, task.Cancelled, "Done,Duplicate,Won't Do", "Won't Do"},
		{nil, task.Cancelled, "Done,Delivered", ""},
		{map[string][]string{"cancelled": {"Parked"}}, task.Cancelled, "Done,Won't Do,Parked", "Parked"},
		{map[string][]string{"done": {"Duplicate"}}, task.Cancelled, "Done,Duplicate", ""},
		{map[string][]string{"cancelled": {"Done"}}, task.Done, "Done,Fixed", "Fixed"},
	} {
		got, ok := newMeaning(tc.config).choose(closed, tc.want, strings.Split(tc.offered, ","))
		if got != tc.choice || ok != (tc.choice != "") {
			t.Errorf("%v %s of %s: got %q", tc.config, tc.want, tc.offered, got)
		}
	}
}

func TestPeople(t *testing.T) {
	t.Parallel()
	no := false
	p := newPeople([]Person{
		{Name: "Amina Diallo", Email: "amina@example.org"},
		{Name: "Ben", AccountID: "b1", Aliases: []string{"Boss"}},
		{Name: "Cleo", Aliases: []string{"boss"}},
		{Name: "Dan", Email: "dan@example.org"},
	}, cloud(3))
	known := func(name, want string) {
		t.Helper()
		if got, ok := p.account(name); got != want || ok != (want != "") {
			t.Errorf("account of %s: %q, want %q", name, got, want)
		}
	}
	if got := p.name(wireUser{AccountID: "x", DisplayName: "BOSS"}); got != "BOSS" {
		t.Errorf("an alias of two people is taken for %q", got)
	}
	known("Ben", "b1")
	known("Amina Diallo", "")
	p.found("amina@example.org", []wireUser{{AccountID: "a0", DisplayName: "Amina D."}, {AccountID: "a1", Email: "AMINA@example.org"}})
	known("Amina Diallo", "a1")
	if got := p.name(wireUser{AccountID: "a1", DisplayName: "Amina D."}); got != "Amina Diallo" {
		t.Errorf("a proven account is called %q", got)
	}
	p.found("dan@example.org", []wireUser{{AccountID: "d9", DisplayName: "Somebody else"}})
	known("Dan", "")
	if left := p.unknown([]Person{{Name: "Dan", Email: "dan@example.org"}}); len(left) != 0 {
		t.Errorf("asked for once, yet asked for again: %v", left)
	}
	p.learn(wireUser{AccountID: "d1", DisplayName: "Dan"})
	known("Dan", "d1")
	p.learn(wireUser{AccountID: "d2", DisplayName: "dan"})
	known("Dan", "") // two accounts: nobody knows which
	p.learn(wireUser{AccountID: "e1", DisplayName: "Eve", Active: &no})
	known("Eve", "")
	p.learn(wireUser{Name: "server-only", DisplayName: "Finn"})
	known("Finn", "")
}
