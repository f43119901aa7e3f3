package gsheets

import (
	"context"
	"strings"
	"testing"

	"google.golang.org/api/sheets/v4"

	"github.com/lockstep-sync/lockstep/connectors"
	"github.com/lockstep-sync/lockstep/connectors/google"
	"github.com/lockstep-sync/lockstep/connectors/transport"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// findings are those of a check, as "level topic: text → hint"; a check that writes fails the test.
func (b *book) findings() []string {
	b.Helper()
	b.asked()
	found, err := b.c.Check(b.Context())
	b.must(err)
	if reads, writes := b.asked(); writes != 0 || reads > 4 {
		b.Errorf("a check takes %d reads and %d writes", reads, writes)
	}
	var out []string
	for _, f := range found {
		out = append(out, string(f.Level)+" "+f.Topic+": "+f.Text+" → "+f.Hint)
		if f.Level != connectors.LevelOK && f.Hint == "" {
			b.Errorf("no hint for %q", f.Text)
		}
	}
	return out
}

// wrongs are the findings that are not ok.
func wrongs(all []string) []string {
	var out []string
	for _, f := range all {
		if !strings.HasPrefix(f, "ok ") {
			out = append(out, f)
		}
	}
	return out
}

func (b *book) says(all []string, wants ...string) {
	b.Helper()
	for _, want := range wants {
		parts := strings.Split(want, " … ")
		found := false
		for _, f := range all {
			ok := strings.HasPrefix(f, parts[0])
			for _, p := range parts[1:] {
				ok = ok && strings.Contains(f, p)
			}
			found = found || ok
		}
		if !found {
			b.Errorf("no finding is like %q:\n%s", want, strings.Join(all, "\n"))
		}
	}
}

func TestCheckOfASoundSheet(t *testing.T) {
	t.Parallel()
	b := open(t, columns("title", "Action", "status", "Status", "due", "Deadline", "assignee", "Who", "partner", "For", "progress", "%"))
	b.lines("Action|Status|Deadline|Who|For|%|Cost", "Pump|En cours|12/03/2026|A. Diallo|Aqua Fund|50%|3", "Pipe|✅ done||amina@aquafund.org|AquaFund|=1/4|5", "Total|||||=AVERAGE(F2:F3)|=SUM(G2:G3)")
	b.locale("en_GB")
	b.driven()
	all := b.findings()
	if w := wrongs(all); len(w) > 0 {
		t.Errorf("a sound sheet has\n%s", strings.Join(w, "\n"))
	}
	b.says(all, "ok access: … “Plan” … en_GB", "ok rights: … may be edited", "ok header: row 1", "ok columns: due is column C, “Deadline”", "ok columns: not read … “Cost”",
		"ok rows: 2 rows are tasks, of which 0", "ok rows: passed over as a row of totals: row 4", "ok statuses: In progress is “En cours”", "ok statuses: Done is “✅ done”",
		"ok partners: 2 names", "ok people: 2 names", "ok dates: due … the day first", "ok values: progress of 1 rows is a formula",
		"ok sample: row 2: title “Pump”, partner aquafund, status in_progress, assignee “Amina Diallo”, due 2026-03-12, progress 0.5")
}

// That a sheet which is only to be read may only be read is as it should be.
func TestCheckOfASheetThatIsOnlyRead(t *testing.T) {
	t.Parallel()
	cfg := columns("title", "Action", "status", "Status")
	cfg.ReadOnly, cfg.Create = true, false
	b := open(t, cfg)
	b.lines("Action|Status", "Pump|Open")
	b.driven()
	b.must(b.srv.ReadOnly(b.id))
	all := b.findings()
	if w := wrongs(all); len(w) > 0 {
		t.Errorf("a sheet that is only read has\n%s", strings.Join(w, "\n"))
	}
	b.says(all, "ok rights: … read_only")
}

// driven lets the connector ask Drive.
func (b *book) driven() {
	b.Helper()
	var err error
	b.c.o.Drive, err = google.NewDrive(b.Context(), google.Credentials{Endpoint: b.web.URL}, transport.Options{Source: "sheet", Retries: -1})
	b.must(err)
}

func TestCheckFindsWhatIsWrong(t *testing.T) {
	t.Parallel()
	standard := []string{"Action|Status|Deadline|Who|For", "Pump|Open|12/03/2026|Amina Diallo|AquaFund"}
	for name, c := range map[string]struct {
		lines  []string
		change func(b *book)
		want   []string
	}{
		"access":                {standard, func(b *book) { b.must(b.srv.Unshare(b.id)) }, []string{"error access: … client_email"}},
		"no such file":          {standard, func(b *book) { b.must(b.srv.Delete(b.id)) }, []string{"error access: … check spreadsheet"}},
		"only to be read":       {standard, func(b *book) { b.must(b.srv.ReadOnly(b.id)) }, []string{"warning rights: … may only be read … client_email"}},
		"in the bin":            {standard, func(b *book) { b.must(b.srv.Trash(b.id)) }, []string{"warning rights: … in the bin … Restore"}},
		"tab":                   {standard, func(b *book) { b.must(b.srv.RenameTab(b.id, tab, "Action")) }, []string{"error tab: … “Actions” … the nearest is “Action”"}},
		"no header":             {[]string{"What|Status", "Pump|Open"}, nil, []string{"error header: … “Action” … “What”"}},
		"a header that moved":   {append([]string{"Plan of 2026"}, standard...), nil, []string{"warning header: … row 2, not in row 1 … header_row: 2"}},
		"a column that is gone": {[]string{"Action|State|Deadline|Who|For", "Pump|Open"}, nil, []string{"warning columns: status … “Status” … “State”"}},
		"words": {append(standard, "Pipe|In progess", "Tank|in  progess", "Well|Amber/ Red"), nil, []string{
			"warning statuses: “In progess” … 2 times … B3 … “In progress” (in_progress)", "warning statuses: “Amber/ Red” … once … B5 … is a rating",
		}},
		"people":   {append(standard, "Pipe|Open||Diallo, Amina", "Tank|Open||Chen"), nil, []string{"warning people: “Diallo, Amina” … D3 … “Amina Diallo”", "warning people: “Chen” … D4"}},
		"partners": {append(standard, "Pipe|Open|||Aqua Funds"), nil, []string{"warning partners: “Aqua Funds” … E3 … “AquaFund”"}},
		"values":   {append(standard, "Pipe|Open|next week-ish", "Tank|Open|#N/A", "|Open"), nil, []string{"warning values: due of row 3 … next week-ish … C3", "warning values: row 5 has no title"}},
		"dates": {standard, func(b *book) {
			b.must(b.srv.Put(b.id, tab, "C2", "31/12/2026"))
			b.must(b.srv.Put(b.id, tab, "C3", "12/31/2026"))
		}, []string{"warning dates: due … C2 … C3"}},
		"a copied id": {append(standard, "Pipe|Open", "Tank|Open"), func(b *book) {
			b.adopt()
			b.typed("F3", "CW-1")
		}, []string{"warning rows: row 2 is held: duplicate_id", "warning rows: row 3 is held"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := open(t, columns("title", "Action", "status", "Status", "due", "Deadline", "assignee", "Who", "partner", "For"))
			b.driven()
			b.lines(c.lines...)
			b.locale("en_GB")
			if c.change != nil {
				c.change(b)
			}
			all := wrongs(b.findings())
			b.says(all, c.want...)
			if len(all) > len(c.want)+1 {
				t.Errorf("more than was to be found:\n%s", strings.Join(all, "\n"))
			}
		})
	}
}

func TestCheckOfProtectedRanges(t *testing.T) {
	t.Parallel()
	k := &checkup{c: &Connector{}, sheet: &sheets.Sheet{ProtectedRanges: []*sheets.ProtectedRange{
		{Range: &sheets.GridRange{StartColumnIndex: 1, EndColumnIndex: 3}, Description: "finance only"},
		{Range: &sheets.GridRange{}},
		{WarningOnly: true},
		{RequestingUserCanEdit: true},
		nil,
	}}}
	if !k.rights(t.Context()) || len(k.out) != 2 || !strings.Contains(k.out[0].Text, "columns B to C") || !strings.Contains(k.out[0].Text, "finance only") ||
		!strings.Contains(k.out[1].Text, "the tab is protected") {
		t.Errorf("%+v", k.out)
	}
}

func TestCheckOfAnEmptyScorecard(t *testing.T) {
	t.Parallel()
	b := open(t, Config{Scorecard: true, Fields: []task.Field{task.Title, task.Status}})
	all := b.findings()
	b.says(all, "ok header: … “Title”, “Status”")
	if w := wrongs(all); len(w) > 0 {
		t.Errorf("%s", w)
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if _, err := b.c.Check(ctx); err == nil {
		t.Error("a check whose time is over says nothing")
	}
}
