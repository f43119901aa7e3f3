package gsheets

import (
	"strings"
	"testing"

	"google.golang.org/api/sheets/v4"

	sandbox "github.com/lockstep-sync/lockstep/connectors/sandbox/google"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// dues are what the rows' due dates read, by title; "!" where they are held.
func dues(snap task.Snapshot) map[string]string {
	out := make(map[string]string)
	for _, r := range snap.Records {
		out[r.Values[task.Title].String()] = readable(r.Values[task.Due])
	}
	return out
}

func readable(v task.Value) string {
	if v.IsUnreadable() {
		return "!"
	}
	return v.String()
}

func (b *book) locale(name string) { b.Helper(); b.must(b.srv.SetProperties(b.id, name, "Etc/UTC")) }

// put puts texts into a column as they are, from row 2 on, with a title before each that is the text itself.
func (b *book) days(texts ...string) {
	b.Helper()
	for i, s := range texts {
		row := rowNumber(i + 1)
		b.must(b.srv.Put(b.id, tab, "A"+row, "is "+s))
		b.must(b.srv.Put(b.id, tab, "B"+row, s))
	}
}

func TestOrderOfDays(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		locale, header string
		days           []string
		want           []string
	}{
		"the locale says":                    {"en_GB", "Deadline", []string{"04/05/2026", "04/13/2026"}, []string{"!", "2026-04-13"}},
		"the locale alone":                   {"en_GB", "Deadline", []string{"04/05/2026", "4.5.26"}, []string{"2026-05-04", "2026-05-04"}},
		"another locale":                     {"en_US", "Deadline", []string{"04/05/2026", "4/6/26"}, []string{"2026-04-05", "2026-04-06"}},
		"no locale, and nothing else":        {"ja_JP", "Deadline", []string{"04/05/2026", "2026-05-04"}, []string{"!", "2026-05-04"}},
		"no locale, the column says day":     {"ja_JP", "Deadline", []string{"04/05/2026", "31/05/2026"}, []string{"2026-05-04", "2026-05-31"}},
		"no locale, the column says month":   {"ja_JP", "Deadline", []string{"04/05/2026", "05/31/2026"}, []string{"2026-04-05", "2026-05-31"}},
		"the column contradicts itself":      {"ja_JP", "Deadline", []string{"04/05/2026", "31/05/2026", "05/31/2026"}, []string{"!", "2026-05-31", "2026-05-31"}},
		"the column contradicts its locale":  {"en_US", "Deadline", []string{"04/05/2026", "31/05/2026", "04.05.2026"}, []string{"!", "2026-05-31", "!"}},
		"the header says, whatever locale":   {"en_US", "Deadline\n(dd/mm/yyyy)", []string{"04/05/2026", "31/05/2026"}, []string{"2026-05-04", "2026-05-31"}},
		"a French header":                    {"en_US", "Deadline (JJ/MM/AAAA)", []string{"04/05/2026"}, []string{"2026-05-04"}},
		"a header with the month first":      {"en_GB", "Deadline (MM/DD/YYYY)", []string{"04/05/2026"}, []string{"2026-04-05"}},
		"the column contradicts its header":  {"en_GB", "Deadline (dd/mm/yyyy)", []string{"04/05/2026", "12/31/2026"}, []string{"!", "2026-12-31"}},
		"an ISO header says nothing of that": {"en_GB", "Deadline (yyyy-mm-dd)", []string{"04/05/2026"}, []string{"2026-05-04"}},
		"a short ISO date decides nothing":   {"ja_JP", "Deadline", []string{"04/05/2026", "26-05-04", "25.11.15"}, []string{"!", "!", "!"}},
		"without a year":                     {"en_GB", "Deadline", []string{"12 March", "12/03", "13 March 2026"}, []string{"!", "!", "2026-03-13"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := open(t, columns("title", "Action", "due", "Deadline"))
			b.locale(c.locale)
			b.must(b.srv.Put(b.id, tab, "A1", "Action"))
			b.must(b.srv.Put(b.id, tab, "B1", c.header))
			b.days(c.days...)
			snap := b.pull()
			got := dues(snap)
			for i, s := range c.days {
				if got["is "+s] != c.want[i] {
					t.Errorf("%q reads %q; want %q", s, got["is "+s], c.want[i])
				}
			}
			for _, r := range snap.Records {
				if why, held := r.Problems[task.Due]; held && (!strings.HasPrefix(why.Hint, "cell B") || !strings.Contains(why.Hint, "20")) {
					t.Errorf("%s: the hint is %q", r.Values[task.Title], why.Hint)
				}
			}
		})
	}
}

// What one cell means must not depend on which rows are read with it: a write reads few of them.
func TestAFewRowsAreReadAsTheWholeColumn(t *testing.T) {
	t.Parallel()
	b := open(t, columns("title", "Action", "due", "Deadline", "progress", "%"), "Action|Deadline|%")
	b.locale("ja_JP")
	b.days("04/05/2026", "31/05/2026")
	b.must(b.srv.Put(b.id, tab, "C2", 1.0))
	b.must(b.srv.Put(b.id, tab, "C3", 50.0))
	snap := b.adopt()
	r := b.titled(snap, "is 04/05/2026")
	if r.Values[task.Due] != date(2026, 5, 4) || !r.Values[task.Progress].IsUnreadable() {
		t.Fatalf("reads %v", r.Values)
	}
	b.asked()
	rs := b.landed(setting(r, task.Due, date(2026, 5, 6)))
	if got := rs[0].Record; got.Values[task.Due] != date(2026, 5, 6) || !got.Values[task.Progress].IsUnreadable() {
		t.Errorf("read back: %v", got.Values)
	}
	rs = b.landed(setting(*rs[0].Record, task.Title, task.TextValue("new")))
	if got := rs[0].Record; got.Values[task.Due] != date(2026, 5, 6) || !got.Values[task.Progress].IsUnreadable() {
		t.Errorf("read back: %v", got.Values)
	}
	other := b.titled(b.pull(), "is 31/05/2026")
	rs = b.landed(setting(other, task.Title, task.TextValue("other")))
	if rs[0].Record.Values[task.Due] != date(2026, 5, 31) {
		t.Errorf("read back: %v", rs[0].Record.Values)
	}
	// In a column of hundredths our share says that it is one.
	n, err := task.NumberValue(0.5)
	b.must(err)
	b.must(b.srv.Put(b.id, tab, "C2", nil))
	r = b.titled(b.pull(), "new")
	if got := b.landed(setting(r, task.Progress, n))[0].Record.Values[task.Progress]; got != n {
		t.Errorf("a half reads back %v", got)
	}
	var v task.Values
	v[task.Title], v[task.Progress], v[task.Due] = task.TextValue("made"), n, date(2026, 7, 7)
	if got := b.landed(creating("CW-9", v))[0].Record.Values; got[task.Progress] != n || got[task.Due] != date(2026, 7, 7) {
		t.Errorf("a new row reads back %v", got)
	}
}

// Days whose format was lost, as by pasting values only, are days where the whole column is so; an amount is none.
func TestNumbersInADateColumn(t *testing.T) {
	t.Parallel()
	b := open(t, columns("title", "Action", "due", "Deadline"), "Action|Deadline", "a", "b", "c")
	for at, n := range map[string]float64{"B2": 46093, "B3": 46100, "B4": 45153} {
		b.must(b.srv.Put(b.id, tab, at, n))
	}
	if got := dues(b.pull()); got["a"] != "2026-03-12" || got["c"] != "2023-08-15" {
		t.Errorf("days without a format read %v", got)
	}
	b.must(b.srv.Put(b.id, tab, "B3", 25000.0))
	b.must(b.srv.Put(b.id, tab, "B4", 1250000.0))
	snap := b.pull()
	if got := dues(snap); got["a"] != "!" || got["b"] != "!" || got["c"] != "!" {
		t.Errorf("amounts read %v", got)
	}
	if hint := b.titled(snap, "a").Problems[task.Due].Hint; !strings.Contains(hint, "2026-03-12") || !strings.Contains(hint, "B2") {
		t.Errorf("the hint is %q", hint)
	}
}

func TestStatusesInDoubt(t *testing.T) {
	t.Parallel()
	v := newVocabulary(Config{Status: map[string][]string{
		task.InProgress: {"Amber"}, task.Done: {"TRUE", "✅ Fait?", "➡️"}, task.NotStarted: {"FALSE"}, task.Cancelled: {"❌ Done"},
	}})
	r := &reader{vocabulary: v}
	for _, c := range []struct{ in, want, hint string }{
		{"✅ done", task.Done, ""},
		{"Done ✔️", task.Done, ""},
		{"➡️", task.Done, ""}, // as configured
		{"⬅️", "!", "write one of"},
		{"-", "!", "write one of"},
		{"En  cours", task.InProgress, ""},
		{"EN COURS\u00a0", task.InProgress, ""},
		{"amber", task.InProgress, ""}, // as configured
		{"❌ done", task.Cancelled, ""}, // as configured, signs and all
		{"✅ fait?", task.Done, ""},
		{"fait?", "!", "status: {done: [\"fait?\"]}"},
		{"❌ Terminé", "!", "a sign beside it"},
		{"🚧 Done", "!", "a sign beside it"},
		{"❌ Cancelled", task.Cancelled, ""},
		{"Done?", "!", "stands for done"},
		{"🟢 Done", task.Done, ""}, // a colour says nothing of the status, nor against it
		{"Amber/ Red", "!", "is a rating"},
		{"🔴", "!", "is a rating"},
		{"On track", "!", "is a rating"},
		{"En retard", "!", "is a rating"},
		{"R", "!", "is a rating"},
		{"In progess", "!", "“In progress” (in_progress)"},
		{"Completd", "!", "“complete"},
		{"Incomplete", "!", "write one of"}, // two letters away from its opposite
		{"not done", "!", "write one of"},
		{"unfinished", "!", "write one of"},
		{"almost done", "!", "write one of"},
		{"Reset", "!", "write one of"},
		{"in progress / blocked", "!", ""},
		{"50% done", "!", ""},
	} {
		got, problem := r.read(task.Status, cell{kind: textCell, text: c.in, shown: c.in})
		switch {
		case readable(got) != c.want:
			t.Errorf("%q reads %v; want %s", c.in, got, c.want)
		case c.want == "!" && (problem.Reason != task.HoldUnmappedStatus || !strings.Contains(problem.Hint, c.hint)):
			t.Errorf("%q: %+v; want the hint to say %q", c.in, problem, c.hint)
		}
	}
	for yes, want := range map[bool]string{true: task.Done, false: task.NotStarted} {
		if got, _ := r.read(task.Status, cell{kind: boolCell, yes: yes, shown: "VRAI"}); got.String() != want {
			t.Errorf("a checkbox that is %v reads %v", yes, got)
		}
		if c, ok := r.write(task.Status, task.EnumValue(want)); !ok || want == task.NotStarted && c.kind != boolCell {
			t.Errorf("%s is written %+v", want, c)
		}
	}
	bare := &reader{vocabulary: newVocabulary(Config{})}
	if _, p := bare.read(task.Status, cell{kind: boolCell, yes: true, shown: "TRUE"}); p == nil || !strings.Contains(p.Hint, `["TRUE"]`) {
		t.Errorf("a checkbox that is not mapped: %+v", p)
	}
}

func TestPeopleAndPartners(t *testing.T) {
	t.Parallel()
	cfg := Config{
		Partners: []Partner{{ID: "a", Name: "AquaFund", Aliases: []string{"Water", "Fonds"}}, {ID: "b", Name: "Riverton", Aliases: []string{"water", "a"}}},
		People: []Person{
			{Name: "Amina Diallo", Email: "amina@aquafund.org", Aliases: []string{"Amina", "A.D."}},
			{Name: "Amina Said", Email: "said@riverton.org", Aliases: []string{"Amina"}},
		},
	}
	r := &reader{vocabulary: newVocabulary(cfg)}
	for in, want := range map[string]string{
		"amina  diallo": "Amina Diallo", "AMINA@aquafund.org": "Amina Diallo", "a.d.": "Amina Diallo", "@Amina Diallo": "Amina Diallo",
		"mailto:said@riverton.org": "Amina Said", "Amina Diallo <amina@aquafund.org>": "Amina Diallo",
		"A. Said <said@riverton.org>":       "Amina Said",
		"Amina":                             "Amina",                             // which of the two?
		"Amina Diallo <said@riverton.org>":  "Amina Diallo <said@riverton.org>",  // one says this, one says that
		"Amina Diallo, Amina Said":          "Amina Diallo, Amina Said",          // two
		"Amina Diallo <nobody@example.org>": "Amina Diallo <nobody@example.org>", // perhaps another of that name
		"Diallo":                            "Diallo",
	} {
		if got, p := r.read(task.Assignee, cell{kind: textCell, text: in}); got != task.PersonValue(want) || p != nil {
			t.Errorf("%q reads %q, %v; want %q", in, got, p, want)
		}
	}
	for in, want := range map[string]string{"aquafund": "a", "A": "a", "Fonds\u00a0": "a", "water": "!", "Aqua Fund": "!"} {
		if got, p := r.read(task.Partner, cell{kind: textCell, text: in}); readable(got) != want || want == "!" && p.Reason != task.HoldUnknownPartner {
			t.Errorf("%q reads %v, %+v; want %s", in, got, p, want)
		}
	}
	chip := func(mail string) *sheets.ChipRun {
		return &sheets.ChipRun{Chip: &sheets.Chip{PersonProperties: &sheets.PersonProperties{Email: mail}}}
	}
	plain := &sheets.ChipRun{StartIndex: 1, Chip: &sheets.Chip{}}
	for _, c := range []struct {
		text, shown string
		runs        []*sheets.ChipRun
		want        string
	}{
		{"@", "amina@aquafund.org", []*sheets.ChipRun{chip("amina@aquafund.org")}, "Amina Diallo"},
		{"Diallo, A.", "Diallo, A.", []*sheets.ChipRun{chip("Amina@AquaFund.org")}, "Amina Diallo"},
		{"@ ", "Amina D. ", []*sheets.ChipRun{chip("amina@aquafund.org"), plain}, "Amina Diallo"},
		{"@ and me", "Amina Diallo and me", []*sheets.ChipRun{chip("amina@aquafund.org"), plain}, "Amina Diallo and me"},
		{"@", "Chen Wei", []*sheets.ChipRun{chip("chen@example.org")}, "Chen Wei"},
		{"@", "", []*sheets.ChipRun{chip("chen@example.org")}, "chen@example.org"},
		{"@ @", "Amina Diallo Amina Said", []*sheets.ChipRun{chip("amina@aquafund.org"), plain, chip("said@riverton.org")}, "Amina Diallo Amina Said"},
		// As the service shows it: the text has the names, and indexes are those of it.
		{"Diallo, A. ", "Diallo, A. ", []*sheets.ChipRun{chip("amina@aquafund.org"), {StartIndex: 10, Chip: &sheets.Chip{}}}, "Amina Diallo"},
		{"Diallo, A. (lead)", "Diallo, A. (lead)", []*sheets.ChipRun{chip("amina@aquafund.org"), {StartIndex: 10, Chip: &sheets.Chip{}}}, "Diallo, A. (lead)"},
		{"x", "x", []*sheets.ChipRun{{StartIndex: 1 << 30, Chip: chip("amina@aquafund.org").Chip}, nil, {StartIndex: -5}}, "x"},
		{"for @", "for Amina Diallo", []*sheets.ChipRun{{StartIndex: 4, Chip: chip("amina@aquafund.org").Chip}}, "for Amina Diallo"},
	} {
		c2 := readWireCell(&sheets.CellData{EffectiveValue: stringValue(c.text), FormattedValue: c.shown, ChipRuns: c.runs})
		if got, _ := r.read(task.Assignee, c2); got != task.PersonValue(c.want) {
			t.Errorf("the chip in %q reads %q; want %q", c.shown, got, c.want)
		}
	}
}

// A person is chosen by chip, in every way that chips are shown.
func TestChipsInASheet(t *testing.T) {
	t.Parallel()
	b := open(t, columns("title", "Action", "assignee", "Who", "notes", "Notes"))
	b.lines("Action|Who|Notes", "a|x|x", "b|x|x", "c|x|x", "d|x|x", "e|x|x")
	b.srv.AddPerson("amina@aquafund.org", "A. M. Diallo")
	b.srv.AddPerson("chen@example.org", "Chen Wei")
	amina := sandbox.Chip{Email: "amina@aquafund.org"}
	for at, c := range map[string]struct {
		text  string
		chips []sandbox.Chip
	}{
		"B2": {"@", []sandbox.Chip{amina}},
		"B3": {"@ ", []sandbox.Chip{{Email: "amina@aquafund.org", Format: "LAST_NAME_COMMA_FIRST_NAME"}}},
		"B4": {"@", []sandbox.Chip{{Email: "chen@example.org"}}},
		"B5": {"@, @", []sandbox.Chip{amina, {Email: "chen@example.org"}}},
		"B6": {"with @", []sandbox.Chip{amina}},
		"C2": {"ask @ first", []sandbox.Chip{amina}},
	} {
		b.must(b.srv.PutChips(b.id, tab, at, c.text, c.chips...))
	}
	snap := b.pull()
	for title, want := range map[string]string{
		"a": "Amina Diallo", "b": "Amina Diallo", "c": "Chen Wei", "d": "A. M. Diallo, Chen Wei", "e": "with A. M. Diallo",
	} {
		if got := read(snap, task.Assignee)[title]; got != want {
			t.Errorf("%s is done by %q; want %q", title, got, want)
		}
	}
	if got := read(snap, task.Notes)["a"]; got != "ask A. M. Diallo first" {
		t.Errorf("the notes are %q", got)
	}
}
