package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lockstep-sync/lockstep/config"
	"github.com/lockstep-sync/lockstep/internal/demo"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// TestInit finds out a whole partnership from addresses alone, and what it writes is a configuration with which the tools can
// be read.
func TestInit(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	dir := t.TempDir()
	file := filepath.Join(dir, "lockstep.yaml")
	token := write(t, filepath.Join(dir, "token"), w.Token)
	before := w.written()
	hydro := w.Google.AddSpreadsheet("HydroTech deliverables", "Deliverables")
	for _, line := range [][]string{
		{"HydroTech Ltd: what we deliver"}, // a title line above the header
		{"No.", "Deliverable", "Who", "When", "State", "Remarks"},
		{"D01", "Order pumps for boreholes 1 and 2", "Nadia Rahman", "2026-11-09", "Finished", ""},
		{"D02", "Install the pump at borehole 1", "Tomás Ruiz", "2026-12-09", "Planned", ""},
		{"D03", "Install 20 smart meters in ward 3", "Wei Zhang", "2026-12-15", "In progress", ""},
	} {
		if _, err := w.Google.AddRow(hydro, "Deliverables", line...); err != nil {
			t.Fatal(err)
		}
	}
	args := []string{
		"init", "--output", file, "--name", "Clean Water Alliance", "--google-endpoint", w.GoogleURL,
		"--sheet", w.SheetURL(w.Partner), "--sheet", w.SheetURL(hydro), "--scorecard", w.SheetURL(w.Scorecard),
		"--jira", w.JiraURL, "--jira-email", w.Email, "--jira-token-file", token, "--jira-jql", "project = WASH",
	}
	out := lockstep(t, args...)
	out.wants(t, exitOK, "", "Written to")
	if n := w.written() - before; n != 0 {
		t.Errorf("init sent %d writes", n)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file is %v, %v", info.Mode(), err)
	}
	if strings.Contains(string(text)+out.err, w.Token) {
		t.Error("the token stands in what was written or printed")
	}
	cfg, err := config.Load(file, func(string) (string, bool) { return "", false })
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	p := cfg.Partnerships[0]
	if p.ID != "clean-water-alliance" || p.Key != "CWA" || len(p.Sources) != 3 || p.Scorecard.Sheet.Spreadsheet != w.Scorecard || p.Scorecard.Sheet.Tab != demo.ScorecardTab {
		t.Errorf("the partnership is %+v", p)
	}
	columns := p.Sources[0].Sheet.Columns
	for f, want := range map[string]string{"title": "Action", "status": "Status", "due": "Deadline", "assignee": "Lead", "workstream": "Area", "notes": "Comments"} {
		if columns[f] != want {
			t.Errorf("%s is %q; want %q", f, columns[f], want)
		}
	}
	if second := p.Sources[1].Sheet; second.HeaderRow != 2 || second.Columns["title"] != "Deliverable" || second.Tab != "Deliverables" {
		t.Errorf("the second sheet is %+v", second)
	}
	jira := p.Sources[2]
	if jira.Jira == nil || jira.Jira.Flavor != "cloud" || jira.Jira.Create != nil || len(jira.Jira.Status[task.Blocked]) == 0 {
		t.Errorf("the Jira is %+v", jira.Jira)
	}
	if len(p.People) < 5 {
		t.Errorf("%d people", len(p.People))
	}
	for _, want := range []string{"sample", "row 2: title", "Which partner's sheet"} {
		if !strings.Contains(out.err, want) {
			t.Errorf("%q is not shown:\n%s", want, out.err)
		}
	}
	// It is a configuration that works.
	lockstep(t, "check", "--config", file).wants(t, exitOK, "0 errors", "")
	lockstep(t, "plan", "--config", file).wants(t, exitChanges, "create CWA-1", "")

	// What is there is not written over.
	lockstep(t, args...).wants(t, exitError, "", "--force")
	if again, err := os.ReadFile(file); err != nil || !bytes.Equal(again, text) {
		t.Errorf("the file was written over, %v", err)
	}
	lockstep(t, append(args, "--force")...).wants(t, exitOK, "", "Written to")
	if left, err := filepath.Glob(filepath.Join(dir, ".lockstep-init-*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// TestInitWithAnswers answers questions: another column, what a word means, and what is no partner.
func TestInitWithAnswers(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	id := w.Google.AddSpreadsheet("Plan d'action", "Lisez-moi", "Suivi")
	for _, line := range [][]string{
		{"Activité", "Statut", "Échéance", "Responsable", "Organisation", "Suivi ${HOME} \"x\"\n(texte)"}, //nolint:misspell // French
		{"Pompe", "En cours", "12/03/2026", "Amina", "AquaFund", "a"},
		{"Tuyau", "Bientôt", "13/03/2026", "Amina, Chen", "Ville", "b"},
		{"Puits", "En corus", "", "Chen", "Ville", "c"},
		{"Total", "", "", "", "", "=COUNTA(A2:A4)"},
	} {
		if _, err := w.Google.AddRow(id, "Suivi", line...); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Google.SetProperties(id, "fr_FR", "Africa/Kinshasa"); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "it.yaml")
	answers := []string{
		"Eau pour tous",   // the partnership
		w.SheetURL(id),    // its sheet
		"Suivis", "Suivi", // the tab, at the second attempt
		"Ville de Riverton",           // whose sheet
		"deu=Échéance", "notes=Suivi", // a field that is none; a header that is none
		"notes=suivi ${home} \"x\"", // right
		"",                          // that is all
		"soon", "not_started", "",   // what words mean: no such; right; later
		"oui",                       // partners
		"",                          // people
		"o",                         // rows are made
		"",                          // no other sheet
		"",                          // no Jira
		w.SheetURL(w.Scorecard), "", // the scorecard
	}
	out := answered(t.Context(), strings.Join(answers, "\n")+"\n", "init", "--output", file, "--google-endpoint", w.GoogleURL)
	out.wants(t, exitOK, "", "Written to")
	cfg, err := config.Load(file, func(string) (string, bool) { return "", false })
	if err != nil {
		t.Fatalf("%v\n%s", err, out.err)
	}
	p := cfg.Partnerships[0]
	sheet := p.Sources[0].Sheet
	if p.Name != "Eau pour tous" || p.Timezone != "Africa/Kinshasa" || sheet.Tab != "Suivi" || !sheet.Create || p.Sources[0].Partner != "ville-de-riverton" {
		t.Errorf("got %+v, %+v", p, sheet)
	}
	if sheet.Columns["notes"] != `Suivi ${HOME} "x"` || sheet.Columns["title"] != "Activité" || sheet.Columns["due"] != "Échéance" { //nolint:misspell // French
		t.Errorf("the columns are %q", sheet.Columns)
	}
	if got := sheet.Status[task.NotStarted]; len(sheet.Status) != 1 || len(got) != 1 || got[0] != "Bientôt" {
		t.Errorf("the words are %q", sheet.Status)
	}
	var names, partners []string
	for _, x := range p.People {
		names = append(names, x.Name)
	}
	for _, x := range p.Partners {
		partners = append(partners, x.ID)
	}
	if strings.Join(names, ",") != "Amina,Chen" || strings.Join(partners, ",") != "ville-de-riverton,ville,aquafund" {
		t.Errorf("people %q, partners %q", names, partners)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`#   "En corus" (once, first in B4) perhaps in_progress`, "# These cells seem to name several people", "#   Amina, Chen"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("the file does not say %q:\n%s", want, text)
		}
	}
	if !strings.Contains(out.err, "passed over as a row of totals: row 5") {
		t.Errorf("the totals are not told of:\n%s", out.err)
	}
}

func TestInitThatCannotGoOn(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	empty := w.Google.AddSpreadsheet("Empty", "One")
	dir := t.TempDir()
	base := []string{"init", "--output", filepath.Join(dir, "x.yaml"), "--name", "X Y", "--google-endpoint", w.GoogleURL}
	for name, c := range map[string]struct {
		args []string
		err  string
	}{
		"no scorecard":               {append(base, "--sheet", w.SheetURL(w.Partner)), "--scorecard"},
		"nothing but a scorecard":    {append(base, "--scorecard", w.SheetURL(w.Scorecard)), "--sheet"},
		"no address":                 {append(base, "--sheet", "somewhere/else"), "no address of a spreadsheet"},
		"a document":                 {append(base, "--sheet", "https://docs.google.com/document/d/1abc/edit"), "not of a spreadsheet"},
		"a sheet that is not shared": {append(base, "--sheet", "1none"), "check spreadsheet"},
		"no table":                   {append(base, "--sheet", w.SheetURL(empty)), "no tab with a row of headers"},
		"no token file":              {append(base, "--jira", w.JiraURL, "--jira-jql", "project = WASH", "--jira-token-file", filepath.Join(dir, "none")), "none"},
		"a wrong token":              {append(base, "--jira", w.JiraURL, "--jira-email", w.Email, "--jira-jql", "project = WASH", "--jira-token-file", write(t, filepath.Join(dir, "token"), "wrong")), "look at the Jira"},
		"no key file":                {[]string{"init", "--output", filepath.Join(dir, "x.yaml"), "--name", "X"}, "--google-credentials"},
		"a broken key file":          {[]string{"init", "--output", filepath.Join(dir, "x.yaml"), "--name", "X", "--google-credentials", write(t, filepath.Join(dir, "key"), "{}")}, "google.credentials_file"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lockstep(t, c.args...).wants(t, exitError, "", c.err)
			if _, err := os.Stat(filepath.Join(dir, "x.yaml")); err == nil {
				t.Error("a file was written")
			}
		})
	}
}
