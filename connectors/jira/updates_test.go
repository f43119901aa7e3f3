package jira

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/lockstep-sync/lockstep/sync/task"
)

func bodyText(raw json.RawMessage) (string, bool) {
	var s string
	err := json.Unmarshal(raw, &s)
	return s, err == nil
}

func (u *updates) of(t *testing.T, comments string) []entry {
	t.Helper()
	var all []wireComment
	if err := json.Unmarshal([]byte(comments), &all); err != nil {
		t.Fatal(err)
	}
	return u.entries(all, func(w wireUser) string { return w.DisplayName }, func(w wireUser) string { return w.AccountID }, bodyText)
}

func TestWhichCommentsAreUpdates(t *testing.T) {
	t.Parallel()
	nairobi := time.FixedZone("EAT", 3*3600)
	const comments = `[
		{"id":"1","author":{"displayName":"Amina Diallo","accountId":"a"},"body":"Pump arrived #partners","created":"2026-03-02T11:05:00.000+0000"},
		{"id":"2","author":{"displayName":"Lockstep","accountId":"bot"},"body":"Two\r\n\r\n  lines #PARTNERS.","created":"2026-03-03T11:05:00.000+0000"},
		{"id":"3","body":"nobody wrote this #partners","created":"2026-03-01T11:05:00.000+0000"},
		{"id":"4","author":{"displayName":"Chen Wei"},"created":"2026-03-01T11:05:00.000+0000"},
		{"id":"5","author":{"displayName":"Chen Wei"},"body":"only for us #partners","created":"2026-03-01T11:05:00.000+0000","visibility":{"type":"role","value":"Developers"}},
		{"id":"6","author":{"displayName":"Chen Wei"},"body":"internal #partners","created":"2026-03-01T11:05:00.000+0000","jsdPublic":false},
		{"id":"7","author":{"displayName":"Chen Wei"},"body":"#partnership is another word","created":"2026-03-01T11:05:00.000+0000","visibility":null},
		{"id":"8","author":{"displayName":"Chen Wei"},"body":"  #partners ","created":"2026-03-01T11:05:00.000+0000"}]`
	tagged := &updates{rule: "#partners", zone: nairobi, me: "bot", name: "Lockstep"}
	want := "2026-03-03 14:05 Lockstep: Two\n  lines\n2026-03-02 14:05 Amina Diallo: Pump arrived\n2026-03-01 14:05 somebody: nobody wrote this"
	if got := render(tagged.of(t, comments)); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	all := &updates{rule: "all", zone: time.UTC, me: "bot"}
	if got := len(all.of(t, comments)); got != 5 {
		t.Errorf("%d of all comments are updates, want 5", got)
	}
	var many []string
	for i := range 50 {
		many = append(many, fmt.Sprintf(`{"id":"%d","body":%q,"created":"2026-03-02T11:%02d:00.000+0000"}`, i, strings.Repeat("long ", 400), i))
	}
	if log := render(all.of(t, "["+strings.Join(many, ",")+"]")); len(log) > updatesLength || !strings.HasPrefix(log, "2026-03-02 11:49") {
		t.Errorf("%d characters, from %s", len(log), log[:20])
	}
}

func TestWhatNotesChangeInTheLog(t *testing.T) {
	t.Parallel()
	u := &updates{rule: "all", zone: time.UTC, me: "bot", name: "Lockstep"}
	has := []entry{
		{id: "3", ours: true, head: "2026-03-03 14:05 Lockstep: ", text: "Waiting for the permit"},
		{id: "2", head: "2026-03-02 14:05 Amina Diallo: ", text: "Pump arrived\nwithout its seal"},
		{id: "1", head: "2026-03-01 09:30 Chen Wei: ", text: "Ordered"},
	}
	const own, amina, chen = "2026-03-03 14:05 Lockstep: Waiting for the permit", "2026-03-02 14:05 Amina Diallo: Pump arrived\n  without its seal", "2026-03-01 09:30 Chen Wei: Ordered"
	log := strings.Join([]string{own, amina, chen}, "\n")
	if got := render(has); got != log {
		t.Fatalf("got %s", got)
	}
	for name, tc := range map[string]struct {
		notes  string
		writes []commentWrite
		shown  string
	}{
		"nothing":                          {log, nil, log},
		"a line on top":                    {"Done soon\n" + log, []commentWrite{{"", "Done soon"}}, "Done soon\n" + log},
		"a line at the end":                {log + "\nDone soon", []commentWrite{{"", "Done soon"}}, "Done soon\n" + log},
		"two lines":                        {"Done soon\nreally\n" + log, []commentWrite{{"", "Done soon\nreally"}}, "Done soon\nreally\n" + log},
		"two things":                       {"B\n\nA\n" + log, []commentWrite{{"", "A"}, {"", "B"}}, "B\n\nA\n" + log},
		"between":                          {own + "\nNew\n" + amina + "\n" + chen, []commentWrite{{"", "New"}}, "New\n" + log},
		"an own entry changed":             {strings.Replace(log, "the permit", "two permits", 1), []commentWrite{{"3", "Waiting for two permits"}}, strings.Replace(log, "the permit", "two permits", 1)},
		"another's entry changed":          {strings.Replace(log, "Ordered", "Ordered?", 1), nil, log},
		"entries taken out":                {amina, nil, log},
		"all taken out":                    {"", nil, log},
		"an entry that is gone from Jira":  {log + "\n2026-01-01 08:00 Amina Diallo: Long ago", nil, log},
		"our own entry as it was typed":    {"Waiting for the permit\n" + amina + "\n" + chen, nil, log},
		"typed again beside the own entry": {"Waiting for the permit\n" + log, []commentWrite{{"", "Waiting for the permit"}}, "Waiting for the permit\n" + log},
	} {
		writes, shown := u.changes(has, tc.notes)
		if !slices.Equal(writes, tc.writes) || shown != tc.shown {
			t.Errorf("%s: writes %q, shows\n%s\nwant %q and\n%s", name, writes, shown, tc.writes, tc.shown)
		}
		// What is planned from the notes alone is what is shown with the comments at hand.
		if _, pure := u.changes(u.read(log), tc.notes); pure != tc.shown {
			t.Errorf("%s: from the text alone\n%s\nwant\n%s", name, pure, tc.shown)
		}
	}
}

func TestTheLogIsReadAsItIsWritten(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		u := &updates{rule: "all", zone: time.UTC, me: "bot", name: "Lockstep"}
		texts := rapid.SampledFrom([]string{"x", "Ordered", "a: b", "2026-03-02 14:05 Amina: no entry", "  - item", "=1+1", "😀 مرحبا", "two\nlines", "a\n\n\nb", "- x\n2026-03-02 14:05 B: y"})
		var has []entry
		for i := range rapid.IntRange(0, 6).Draw(t, "entries") {
			who := rapid.SampledFrom([]string{"Lockstep", "Amina Diallo", "José: the second", "Chen"}).Draw(t, "who")
			has = append(has, entry{
				id: fmt.Sprint(i), ours: who == "Lockstep", text: tidyUpdate(texts.Draw(t, "text")),
				head: fmt.Sprintf("2026-03-%02d 14:05 %s: ", 28-rapid.IntRange(0, 2).Draw(t, "day")-3*i, who),
			})
		}
		log := render(has)
		if again := render(u.read(log)); again != log {
			t.Fatalf("read\n%s\nas\n%s", log, again)
		}
		if writes, shown := u.changes(has, log); len(writes) > 0 || shown != log {
			t.Fatalf("the log itself asks for %q and shows\n%s\ninstead of\n%s", writes, shown, log)
		}
		fresh := tidyUpdate(rapid.SampledFrom([]string{"new", "two\nnew lines", "=x", "- a"}).Draw(t, "fresh"))
		want := task.TextValue(fresh + "\n" + log).String()
		writes, shown := u.changes(has, want)
		if len(writes) != 1 || writes[0] != (commentWrite{text: fresh}) {
			t.Fatalf("%q asks for %q", want, writes)
		}
		if _, again := u.changes(u.read(log), shown); again != shown {
			t.Fatalf("shown\n%s\nthen\n%s", shown, again)
		}
		// Once it is a comment, the same notes ask for nothing more.
		landed := append([]entry{{id: "new", ours: true, head: "2026-03-31 09:00 Lockstep: ", text: fresh}}, has...)
		if writes, _ := u.changes(landed, want); len(writes) > 0 {
			t.Fatalf("what landed is written again: %q", writes)
		}
	})
}
