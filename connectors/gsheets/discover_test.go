package gsheets

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/lockstep-sync/lockstep/sync/fault"
	"github.com/lockstep-sync/lockstep/sync/task"
)

func TestParseAddress(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"https://docs.google.com/spreadsheets/d/1AbC-_9/edit#gid=7":    "1AbC-_9 7",
		"https://docs.google.com/spreadsheets/d/1AbC/edit?usp=sharing": "1AbC -1",
		"https://docs.google.com/spreadsheets/d/1AbC":                  "1AbC -1",
		"1AbC\n": "1AbC -1",
		"https://docs.google.com/spreadsheets/u/0/d/1AbC/edit?gid=12#gid=12&range=A1": "1AbC 12",
		"http://127.0.0.1:9090/spreadsheets/d/1Sandbox001-Plan/edit":                  "1Sandbox001-Plan -1",
		"https://docs.google.com/document/d/1AbC/edit":                                "!",
		"https://example.org/sheet":                                                   "!",
		"":                                                                            "!",
		"https://docs.google.com/spreadsheets/d/1AbC/edit#gid=999999999999999999999999": "1AbC -1",
	} {
		p, err := ParseAddress(in)
		got := fmt.Sprintf("%s %d", p.Spreadsheet, p.Sheet)
		if err != nil {
			got = "!"
		}
		if got != want {
			t.Errorf("%q is %s; want %s", in, got, want)
		}
	}
}

func (b *book) discover(tab string) Discovery {
	b.Helper()
	b.asked()
	d, err := Discover(b.Context(), b.c.svc, Place{Spreadsheet: b.id, Sheet: -1, Tab: tab}, Options{Now: noon})
	b.must(err)
	if reads, writes := b.asked(); reads > 3 || writes != 0 {
		b.Errorf("to discover takes %d reads and %d writes", reads, writes)
	}
	return d
}

// found are the guesses as "field=Header", with a ? behind a doubtful one.
func (d *Discovery) found() string {
	var out []string
	for _, g := range d.Guesses {
		s := g.Field.String() + "=" + g.Header
		if g.Doubt != "" {
			s += "?"
		}
		out = append(out, s)
	}
	return strings.Join(out, " ")
}

//nolint:misspell // other languages
func TestDiscover(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		lines  []string
		row    int
		header string
	}{
		"plain": {
			[]string{"Action|Status|Deadline|Lead|Comments", "Pump|Open|12/03/2026|Amina|soon", "Pipe|Done|13/03/2026|Chen|"},
			1,
			"title=Action status=Status assignee=Lead due=Deadline notes=Comments",
		},
		"under a title and instructions": {
			[]string{"Plan of 2026", "Please fill in by Friday|thank you", "||", "#|Deliverable|State|When|Who", "1|Pump|Open|12/03/2026|A"},
			4,
			"title=Deliverable status=State assignee=Who due=When",
		},
		"French": {
			[]string{"NOM ACTIVITE|ETAT PROJET|DATE DEBUT|DATE FIN|Responsable|COMMENTAIRE|Taux d'avancement", "Pompe|En cours|12/03/2026|13/04/2026|Amina|ras|50%"},
			1,
			"title=NOM ACTIVITE status=ETAT PROJET assignee=Responsable due=DATE FIN start=DATE DEBUT progress=Taux d'avancement notes=COMMENTAIRE",
		},
		"Spanish": {
			[]string{"Actividad|Estado|Fecha límite|Encargado|Organización|Prioridad", "Bomba|En curso|12/03/2026|Ana|Agua|Alta"},
			1,
			"title=Actividad partner=Organización status=Estado assignee=Encargado due=Fecha límite priority=Prioridad",
		},
		"German": {
			[]string{"Aufgabe|Stand|Fällig am|Verantwortlich|Bemerkungen", "Pumpe|in Arbeit|12.03.2026|Anna|"},
			1,
			"title=Aufgabe status=Stand assignee=Verantwortlich due=Fällig am notes=Bemerkungen",
		},
		"a rating is no status": {[]string{"Project|Status|Due date", "a|Amber|12/03/2026", "b|Red|", "c|Green|", "d|Amber/Red|"}, 1, "title=Project due=Due date"},
		"a doubtful status":     {[]string{"Task|Status", "a|tbd", "b|soon", "c|who knows", "d|Done"}, 1, "title=Task status=Status?"},
		"no known header": {
			[]string{"Foo|Bar|Baz|Qux", "Repair the pump|Done|12/03/2026|x", "Lay the pipe|Open|13/03/2026|x", "Clean the tank|Done|14/03/2026|x"},
			1,
			"title=Foo? status=Bar? due=Baz?",
		},
		"longer headers": {
			[]string{"Action item (what)|Current status *|Planned completion date\n(dd/mm/yyyy)|Lead partner", "Pump|Open|12/03/2026|AquaFund"},
			1,
			"title=Action item (what) partner=Lead partner status=Current status * due=Planned completion date",
		},
		"a header twice":      {[]string{"Action|Status|Status|Due", "Pump|Open|Done|12/03/2026"}, 1, "title=Action due=Due"},
		"nothing":             {nil, 0, ""},
		"only numbers":        {[]string{"1|2|3", "4|5|6"}, 0, ""},
		"a header and no row": {[]string{"Action|Status"}, 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := open(t, columns("title", "Action"))
			b.locale("en_GB")
			b.lines(c.lines...)
			d := b.discover("")
			if got := d.found(); got != c.header || d.HeaderRow != c.row || d.Tab != tab && c.lines != nil {
				t.Errorf("row %d of %q: %s; want row %d: %s", d.HeaderRow, d.Tab, got, c.row, c.header)
			}
			if d.HeaderRow == 0 {
				return
			}
			// What is proposed is a configuration that reads.
			cfg := Config{Spreadsheet: b.id, Tab: d.Tab, HeaderRow: d.HeaderRow, Columns: d.Columns()}
			b.connect(cfg)
			if snap := b.pull(); len(snap.Records) == 0 || len(snap.Held) != 0 {
				t.Errorf("read as proposed: %d records, held %+v", len(snap.Records), snap.Held)
			}
		})
	}
}

func TestDiscoverRealSheets(t *testing.T) {
	t.Parallel()
	b := open(t, columns("title", "Action"))
	b.must(b.srv.SetProperties(b.id, "fr_FR", "Africa/Kinshasa"))
	_, err := b.srv.LoadRows(b.id, tab, realData(t, "sheets/3w-activities-fr.jsonl"))
	b.must(err)
	d := b.discover("")
	cols := d.Columns()
	for f, want := range map[string]string{
		"title": "NOM ACTIVITE / PROJET2", "status": "ETAT PROJET", "due": "DATE FIN", "start": "DATE DEBUT", "notes": "COMMENTAIRE", "partner": "Nom organization",
	} {
		if cols[f] != want {
			t.Errorf("%s is %q; want %q", f, cols[f], want)
		}
	}
	if d.HeaderRow != 1 || d.TimeZone != "Africa/Kinshasa" {
		t.Errorf("row %d, zone %s", d.HeaderRow, d.TimeZone)
	}
	t.Log(d.found())
}

func TestDiscoverTheTab(t *testing.T) {
	t.Parallel()
	b := open(t, columns("title", "Action"))
	b.must(b.srv.AddTab(b.id, "Tracker"))
	b.typed("A1", "Read me")
	b.typed("A2", "This is how it works")
	for i, line := range []string{"Task|Status|Due", "Pump|Open|12/03/2026"} {
		for j, s := range strings.Split(line, "|") {
			b.must(b.srv.Type(b.id, "Tracker", columnName(j)+rowNumber(i), s))
		}
	}
	if d := b.discover(""); d.Tab != "Tracker" || !slices.Equal(d.Tabs, []string{tab, "Tracker"}) {
		t.Errorf("the tab is %q of %q", d.Tab, d.Tabs)
	}
	if d := b.discover(tab); d.Tab != tab {
		t.Errorf("the tab is %q", d.Tab)
	}
	_, err := Discover(t.Context(), b.c.svc, Place{Spreadsheet: b.id, Tab: "Trackers"}, Options{Now: noon})
	b.faulty(err, fault.Permanent, fault.NotFound, "“Tracker”")
	_, err = Discover(t.Context(), b.c.svc, Place{Spreadsheet: "1none"}, Options{Now: noon})
	b.faulty(err, fault.Permanent, fault.NotFound, "check spreadsheet")
}

func TestWords(t *testing.T) {
	t.Parallel()
	b := open(t, columns("title", "Action", "status", "Status", "assignee", "Who", "partner", "For"))
	b.lines("Action|Status|Who|For", "a|Open|Amina Diallo|AquaFund", "b|In progess|chen@example.org|Nobody", "c|in Progess|A. Diallo|Nobody", "d|Weird||", "Total|||")
	words, err := b.c.Words(t.Context())
	b.must(err)
	got := map[string]string{}
	for f, ws := range words {
		for _, w := range ws {
			got[fmt.Sprintf("%s %s", f, w.Text)] = fmt.Sprintf("%d %s %s/%s %s", w.Count, w.First, w.Means, w.Near, w.Email)
		}
	}
	want := map[string]string{
		"status Open": "1 B2 not_started/ ", "status In progess": "2 B3 /in_progress ", "status Weird": "1 B5 / ",
		"assignee Amina Diallo": "1 C2 Amina Diallo/ ", "assignee chen@example.org": "1 C3 / chen@example.org",
		"partner AquaFund": "1 D2 aquafund/ ", "partner Nobody": "2 D3 / ",
	}
	delete(got, "assignee A. Diallo")
	if !maps.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
	if StatusOf("On hold") != task.Blocked || StatusOf("Amber") != "" {
		t.Error("words without a configuration are not known")
	}
}
