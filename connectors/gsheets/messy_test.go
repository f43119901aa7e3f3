package gsheets

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/lockstep-sync/lockstep/sync/task"
)

// mustHold is what an oracle says of a cell that has no value of its field's kind.
const mustHold = "!"

// tally counts what became of the cells of one kind.
type tally struct{ understood, empty, held, mustHold, wrong int }

func (y *tally) String() string {
	n := y.understood + y.empty + y.held + y.mustHold + y.wrong
	share := func(k int) string { return fmt.Sprintf("%5d %5.1f %%", k, 100*float64(k)/float64(max(n, 1))) }
	return strings.Join([]string{share(y.understood), share(y.empty), share(y.mustHold), share(y.held), share(y.wrong)}, " | ")
}

// judge compares what was read of a cell with what the oracle says: "" for an empty cell, mustHold, or the value.
func (y *tally) judge(t *testing.T, where, raw string, got task.Value, want string) {
	t.Helper()
	switch {
	case got.IsUnreadable() && want == mustHold:
		y.mustHold++
	case got.IsUnreadable():
		y.held++
	case got.String() != want:
		y.wrong++
		t.Errorf("%s: %q reads %q; want %q", where, raw, got, want)
	case want == "":
		y.empty++
	default:
		y.understood++
	}
}

const tallyHead = "understood    | empty         | no value: held| held          | wrong"

// TestActivitiesAsPeopleHaveThem reads 499 rows of a real who-does-what-where sheet: headers with line breaks and instructions,
// days in date cells, OUI and Oui, NBSPs.
func TestActivitiesAsPeopleHaveThem(t *testing.T) {
	t.Parallel()
	rows := activities(t)
	words := map[string]string{"OUI": "true", "Oui": "true", "oui": "true", "Non": "false", "NON": "false"}
	yesNo := func(x any) string { return words[fmt.Sprint(x)] }
	text := func(x any) string { return strings.TrimSpace(fmt.Sprint(x)) }
	serial := func(x any) string {
		n, _ := x.(float64)
		return time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC).Add(time.Duration(n) * 24 * time.Hour).Format(time.DateOnly)
	}
	status := func(x any) string { return map[string]string{"En cours": task.InProgress}[fmt.Sprint(x)] }
	// Half of the organisations are partners, known by name and acronym; among them two whose names differ in accents, case
	// and a blank only, and whose acronyms say that they are two.
	partners, partnerOf := someOrganisations(rows)
	organisation := func(x any) string {
		if id, ok := partnerOf[fmt.Sprint(x)]; ok {
			return id
		}
		return mustHold
	}
	// These columns hold no such field, whatever the configuration says: numbers of people and money, in no percent.
	amount := func(x any) string {
		if n, ok := x.(float64); ok && n == 0 {
			return "0"
		}
		return mustHold
	}
	never := func(any) string { return mustHold }

	type column struct {
		letter string
		says   func(any) string
		want   tally
	}
	for name, mapping := range map[string]map[task.Field]column{
		"as it is meant": {
			task.Title:      {"E", text, tally{understood: 499}},
			task.Status:     {"L", status, tally{understood: 499}},
			task.Start:      {"H", serial, tally{understood: 499}},
			task.Due:        {"I", serial, tally{understood: 499}},
			task.Workstream: {"C", text, tally{understood: 499}},
			task.Priority:   {"G", text, tally{understood: 371, empty: 128}},
			task.QuickWin:   {"P", yesNo, tally{understood: 163, empty: 336}},
			task.Assignee:   {"N", text, tally{understood: 496, empty: 3}},
			task.Partner:    {"AL", organisation, tally{understood: 468, mustHold: 31}},
			task.Notes:      {"Z", text, tally{understood: 132, empty: 367}},
		},
		"other columns": {
			task.Title:    {"E", text, tally{understood: 499}},
			task.Partner:  {"AJ", organisation, tally{understood: 468, mustHold: 31}},
			task.QuickWin: {"F", yesNo, tally{understood: 11, empty: 488}},
			task.Notes:    {"D", text, tally{understood: 11, empty: 488}},
		},
		"columns mapped by mistake": {
			task.Title:    {"E", text, tally{understood: 499}},
			task.Due:      {"J", never, tally{mustHold: 499}},
			task.Progress: {"O", amount, tally{understood: 324, empty: 14, mustHold: 161}},
			task.Status:   {"P", never, tally{empty: 336, mustHold: 163}},
			task.QuickWin: {"G", never, tally{empty: 128, mustHold: 371}},
			task.Partner:  {"K", never, tally{mustHold: 499}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := Config{Columns: map[string]string{}, Partners: partners}
			for f, c := range mapping {
				header, _, _ := strings.Cut(fmt.Sprint(rows[0][c.letter]), "\n")
				cfg.Columns[f.String()] = header
			}
			b := open(t, cfg)
			b.must(b.srv.SetProperties(b.id, "fr_FR", "Africa/Kinshasa"))
			_, err := b.srv.LoadRows(b.id, tab, realData(t, "sheets/3w-activities-fr.jsonl"))
			b.must(err)
			for i, row := range rows[1:] {
				for _, letter := range []string{"H", "I"} {
					n, _ := row[letter].(float64)
					b.must(b.srv.PutDate(b.id, tab, letter+rowNumber(i+1), epoch().AddDate(0, 0, int(n))))
				}
			}
			snap := b.pull()
			if len(snap.Records) != 499 || len(snap.Held) != 0 || !snap.Complete {
				t.Fatalf("%d records, held %+v", len(snap.Records), snap.Held)
			}
			for _, f := range task.AllFields() {
				c, mapped := mapping[f]
				if !mapped {
					continue
				}
				var got tally
				for i, r := range snap.Records {
					raw, want := rows[i+1][c.letter], ""
					if raw != nil && strings.TrimSpace(fmt.Sprint(raw)) != "" {
						want = c.says(raw)
					}
					got.judge(t, f.String()+" of "+r.Name, fmt.Sprint(raw), r.Values[f], want)
				}
				if f == task.Title {
					t.Log("           | " + tallyHead)
				}
				t.Logf("%-10s | %s", f, &got)
				if got != c.want {
					t.Errorf("%s: %+v; want %+v", f, &got, &c.want)
				}
			}
		})
	}
}

// activities are the rows of the sheet by column letter, the header first.
func activities(t *testing.T) (rows []map[string]any) {
	t.Helper()
	lines := bufio.NewScanner(realData(t, "sheets/3w-activities-fr.jsonl"))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var row map[string]any
		if err := json.Unmarshal(lines.Bytes(), &row); err != nil {
			t.Fatal(err)
		}
		rows = append(rows, row)
	}
	if len(rows) != 500 {
		t.Fatalf("%d rows", len(rows))
	}
	return rows
}

// someOrganisations makes every other organisation a partner, and says of each way to write one whose it is.
func someOrganisations(rows []map[string]any) (partners []Partner, of map[string]string) {
	of = make(map[string]string)
	n := 0
	for _, row := range rows[1:] {
		name, acronym := fmt.Sprint(row["AJ"]), fmt.Sprint(row["AL"])
		if of[name] != "" {
			continue
		}
		if n++; n%2 == 0 && acronym != "ADECO" && acronym != "APDC" {
			continue
		}
		id := "org-" + strconv.Itoa(n)
		of[name], of[acronym] = id, id
		partners = append(partners, Partner{ID: id, Name: name, Aliases: []string{acronym}})
	}
	return partners, of
}

// notDays are all the texts of the project data that are none, read by a person.
var notDays = []string{
	"Data Not Provided", "Data exempt under section 27 and section 43 of the Freedom of Information Act (2000)",
	"Exempt - Section 43(2) of Freedom of Information Act 2000 (Prejudice to Commercial Interests)",
	"Exempt under Freedom of Information Act 2000 sections 24 (National Security) 26 (Defence) and 35  (Formulation of government policy).",
	"Exempt under Section 24 of Freedom of Information Act 2000 (National Security)",
	"Exempt under Section 26 of Freedom of Information Act 2000 (Defence)",
	"Exempt under Section 35 of the Freedom of Information Act 2000 (Formulation of government policy, etc.)",
	"Exempt under Section 43 of the Freedom of Information Act 2000 (Commercial Interests)",
	"Exempt under section 26 of the Freedom of Information Act (2000)", "Exempt under section 35 of the Freedom of Information Act (2000)",
	"Exempt under section 43 of the Freedom of Information Act (2000)",
	"No end date", "Not Applicable", "TBD",
}

// britishDay is what a day of the project data means: it is written in one of three ways, all by the British government.
func britishDay(raw string) string {
	s := strings.TrimSpace(raw)
	if s == "" {
		return ""
	}
	if slices.Contains(notDays, s) {
		return mustHold
	}
	n := regexp.MustCompile(`\d+`).FindAllString(s, -1)
	switch {
	case len(n) == 3 && len(s) == 10 && s[4] == '-':
		return s
	case len(n) == 3 && len(s) == 10 && s[2] == '/' && s[5] == '/':
		return n[2] + "-" + n[1] + "-" + n[0]
	case len(n) == 3 && len(s) == 8 && s[2] == '.' && s[5] == '.':
		century := "20"
		if n[2] >= "90" {
			century = "19"
		}
		return century + n[2] + "-" + n[1] + "-" + n[0]
	}
	return "the oracle does not know " + s
}

// TestProjectsAsPeopleHaveThem reads 865 rows of real project data: ratings where a status is expected, days in three
// notations and thirteen excuses.
func TestProjectsAsPeopleHaveThem(t *testing.T) {
	t.Parallel()
	rows, err := csv.NewReader(realData(t, "sheets/rag-and-dates.csv")).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	rating := func(s string) string {
		if strings.TrimSpace(s) == "" {
			return ""
		}
		return mustHold // a colour, an exemption, or "Reset": no status
	}
	configured := func(s string) string {
		if s == "Amber" {
			return task.InProgress
		}
		return rating(s)
	}
	type want struct{ status, start, due tally }
	held := tally{empty: 17, mustHold: 847}
	for name, c := range map[string]struct {
		locale string
		typed  bool
		status map[string][]string
		rating func(string) string
		want   want
	}{
		"pasted as text, en_GB": {"en_GB", false, nil, rating, want{
			held, tally{understood: 645, empty: 211, mustHold: 8}, tally{understood: 621, empty: 224, mustHold: 19},
		}},
		"typed, en_GB": {"en_GB", true, nil, rating, want{
			held, tally{understood: 645, empty: 211, mustHold: 8}, tally{understood: 621, empty: 224, mustHold: 19},
		}},
		"pasted as text, fr_FR, Amber is a status": {"fr_FR", false, map[string][]string{task.InProgress: {"Amber"}}, configured, want{
			tally{understood: 444, empty: 17, mustHold: 403},
			tally{understood: 645, empty: 211, mustHold: 8},
			tally{understood: 621, empty: 224, mustHold: 19},
		}},
		// The spreadsheet says one order and the column another: what has two readings waits.
		"pasted as text, en_US": {"en_US", false, nil, rating, want{
			held, tally{understood: 340, empty: 211, held: 305, mustHold: 8}, tally{understood: 490, empty: 224, held: 131, mustHold: 19},
		}},
		// It says no order, and the column's is certain.
		"pasted as text, sv_SE": {"sv_SE", false, nil, rating, want{
			held, tally{understood: 645, empty: 211, mustHold: 8}, tally{understood: 621, empty: 224, mustHold: 19},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := columns("title", "Project", "status", "DCA rating", "start", "Start date", "due", "End date")
			cfg.Status = c.status
			b := open(t, cfg)
			b.must(b.srv.SetProperties(b.id, c.locale, "Etc/UTC"))
			for i, h := range []string{"Project", "DCA rating", "Start date", "End date"} {
				b.must(b.srv.Put(b.id, tab, columnName(i)+"1", h))
			}
			for i, row := range rows[1:] {
				for k, s := range row[1:] {
					at := columnName(k) + rowNumber(i+1)
					switch {
					case s == "":
					case c.typed && k > 0:
						b.typed(at, s)
					default:
						b.must(b.srv.Put(b.id, tab, at, s))
					}
				}
			}
			snap := b.pull()
			if len(snap.Held) != 0 || !snap.Complete || len(snap.Records) != 864 { // one row of 865 is blank
				t.Fatalf("%d records, held %+v", len(snap.Records), snap.Held)
			}
			var got want
			for _, r := range snap.Records {
				n, err := strconv.Atoi(strings.TrimPrefix(r.Name, "row "))
				b.must(err)
				row := rows[n-1]
				got.status.judge(t, "status of "+r.Name, row[2], r.Values[task.Status], c.rating(row[2]))
				got.start.judge(t, "start of "+r.Name, row[3], r.Values[task.Start], britishDay(row[3]))
				got.due.judge(t, "due of "+r.Name, row[4], r.Values[task.Due], britishDay(row[4]))
				if title := r.Values[task.Title]; title.String() != task.TextValue(row[1]).String() {
					t.Errorf("%s is titled %q; want %q", r.Name, title, row[1])
				}
			}
			t.Logf("%-10s | %s", "", tallyHead)
			t.Logf("%-10s | %s", "status", &got.status)
			t.Logf("%-10s | %s", "start", &got.start)
			t.Logf("%-10s | %s", "due", &got.due)
			if got != c.want {
				t.Errorf("got  %+v\nwant %+v", got, c.want)
			}
		})
	}
}
