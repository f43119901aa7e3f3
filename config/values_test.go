package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"

	"github.com/lockstep-sync/lockstep/connectors/gsheets"
	"github.com/lockstep-sync/lockstep/connectors/jira"
	"github.com/lockstep-sync/lockstep/internal/secret"
	"github.com/lockstep-sync/lockstep/sync/merge"
	"github.com/lockstep-sync/lockstep/sync/plan"
	"github.com/lockstep-sync/lockstep/sync/scorecard"
	"github.com/lockstep-sync/lockstep/sync/task"
	"github.com/lockstep-sync/lockstep/web/auth"
)

func fixture(t *testing.T, name string) *Config {
	t.Helper()
	cfg, err := Load(filepath.Join("testdata", "valid", name), fixtureEnv)
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

func TestWholeConfig(t *testing.T) {
	t.Parallel()
	nairobi, err := time.LoadLocation("Africa/Nairobi")
	if err != nil {
		t.Fatal(err)
	}
	sheetPartners := []gsheets.Partner{
		{ID: "aquafund", Name: "AquaFund", Aliases: []string{"Aqua Fund"}},
		{ID: "riverton", Name: "City of Riverton"},
		{ID: "hydrotech", Name: "HydroTech Ltd"},
	}
	sheetPeople := []gsheets.Person{
		{Name: "Amina Diallo", Email: "amina@aquafund.org", Aliases: []string{"A. Diallo"}},
		{Name: "Juma Otieno", Email: "juma@riverton.example"},
	}
	want := &Config{
		Listen: "127.0.0.1:8080", Store: "sqlite:lockstep.db", Google: Google{Endpoint: "http://127.0.0.1:9090", Reads: 60, Writes: 60},
		Partnerships: []Partnership{{
			ID: "clean-water", Key: "CW", Name: "Clean Water Alliance", Timezone: "Africa/Nairobi", Location: nairobi,
			AgreementDate: task.DateValue(time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC)), Interval: time.Minute, Active: 10 * time.Second,
			Partners: []Partner{
				{ID: "aquafund", Name: "AquaFund", Sector: "civil_society", Aliases: []string{"Aqua Fund"}},
				{ID: "riverton", Name: "City of Riverton", Sector: "public"},
				{ID: "hydrotech", Name: "HydroTech Ltd", Sector: "private"},
			},
			People: []Person{
				{Name: "Amina Diallo", Partner: "aquafund", Email: "amina@aquafund.org", Aliases: []string{"A. Diallo"}, Jira: map[task.SourceID]string{"aquafund-jira": "5b10a2"}},
				{Name: "Juma Otieno", Partner: "riverton", Email: "juma@riverton.example"},
			},
			Sources: []Source{
				{
					ID: "aquafund-jira", Partner: "aquafund", Share: []task.Field{task.Title, task.Status, task.Assignee, task.Due},
					Jira: &jira.Config{
						URL: "https://aquafund.atlassian.net", Flavor: "auto", Email: "bot@aquafund.org", Token: "token-from-a-file",
						JQL: "project = WASH", Create: &jira.Create{Project: "WASH", IssueType: "Task"}, WebhookSecret: "s3cret-Canary-env",
						Status: map[string][]string{"blocked": {"Blocked", "Impeded"}, "cancelled": {"Won't Do"}},
						Fields: map[task.Field]string{task.Due: "duedate", task.Workstream: "component", task.Progress: "customfield_10042"},
						People: []jira.Person{
							{Name: "Amina Diallo", Email: "amina@aquafund.org", Aliases: []string{"A. Diallo"}, AccountID: "5b10a2"},
							{Name: "Juma Otieno", Email: "juma@riverton.example"},
						},
					},
				},
				{ID: "riverton-sheet", Partner: "riverton", Sheet: &gsheets.Config{
					Spreadsheet: "1AbC", Tab: "Actions", HeaderRow: 2, Create: true,
					Columns:  map[string]string{"title": "Action", "status": "Status", "due": "Deadline", "assignee": "Lead", "notes": "Comments"},
					Partners: sheetPartners, People: sheetPeople,
				}},
				{ID: "hydrotech-sheet", Partner: "hydrotech", Sheet: &gsheets.Config{
					Spreadsheet: "1Xyz", Tab: "Tracker", HeaderRow: 1,
					Columns:  map[string]string{"title": "Action", "status": "State", "due": "When", "assignee": "Who"},
					Partners: sheetPartners, People: sheetPeople,
				}},
			},
			Scorecard: Scorecard{ID: "scorecard", Sheet: gsheets.Config{
				Spreadsheet: "1Score", Tab: "Scorecard", HeaderRow: 1, Scorecard: true,
				// Notes come from Riverton's sheet; workstream, progress, priority and labels do not leave AquaFund's Jira.
				Fields:   []task.Field{task.Title, task.Partner, task.Status, task.Assignee, task.Due, task.Notes},
				Partners: sheetPartners, People: sheetPeople,
			}, Pages: Pages(), Heartbeat: time.Hour, DeletedRows: RestoreRows, Rules: scorecard.DefaultRules()},
			Merge: merge.Rules{
				Default: merge.Rule{Authority: []merge.Role{merge.Owner, merge.Scorecard}},
				Fields:  map[task.Field]merge.Rule{task.Notes: {Authority: []merge.Role{merge.Owner, merge.Scorecard}, Hold: true}},
			},
			Guards: plan.Guards{MaxChanges: 0.3, MaxRemovals: 0.1, Minimum: 10},
		}},
	}
	equal := cmp.Options{
		cmp.Comparer(func(a, b *time.Location) bool { return a.String() == b.String() }),
		cmp.Comparer(func(a, b task.Value) bool { return a == b }),
	}
	if diff := cmp.Diff(want, fixture(t, "design.yaml"), equal); diff != "" {
		t.Errorf("not as in the file (-want +got):\n%s", diff)
	}
}

func TestPolling(t *testing.T) {
	t.Parallel()
	c := fixture(t, "polling.yaml")
	if want := (Google{Endpoint: "http://127.0.0.1:9090", Reads: 300, Writes: 120, WebhookURL: "https://lockstep.example.org/x"}); c.Google != want {
		t.Errorf("google is %+v, want %+v", c.Google, want)
	}
	if p := c.Partnerships[0]; p.Interval != 5*time.Minute || p.Active != 30*time.Second {
		t.Errorf("the interval is %s, and %s while people edit", p.Interval, p.Active)
	}
}

func TestDefaults(t *testing.T) {
	t.Parallel()
	c := fixture(t, "minimal.yaml")
	p := c.Partnerships[0]
	for what, pair := range map[string][2]any{
		"listen":           {c.Listen, "127.0.0.1:8080"},
		"store":            {c.SQLitePath(), "lockstep.db"},
		"key":              {p.Key, "CW"},
		"name":             {p.Name, "clean-water"},
		"location":         {p.Location, time.UTC},
		"interval":         {p.Interval, time.Minute},
		"active interval":  {p.Active, 10 * time.Second},
		"agreement date":   {p.AgreementDate, task.Value{}},
		"guards":           {p.Guards, plan.DefaultGuards()},
		"merge":            {p.Merge, merge.DefaultRules()},
		"flavor":           {p.Sources[0].Jira.Flavor, "auto"},
		"header row":       {p.Sources[1].Sheet.HeaderRow, 1},
		"share":            {p.Sources[0].Share == nil, true},
		"scorecard fields": {p.Scorecard.Sheet.Fields, []task.Field{task.Title, task.Partner, task.Status, task.Assignee, task.Due, task.Priority, task.Labels}},
		"kinds":            {p.Sources[0].Kind() + " " + p.Sources[1].Kind(), "jira sheet"},
	} {
		if !reflect.DeepEqual(pair[0], pair[1]) {
			t.Errorf("%s is %v, want %v", what, pair[0], pair[1])
		}
	}
}

func TestExpansionKeepsValuesWhole(t *testing.T) {
	t.Parallel()
	p := fixture(t, "env.yaml").Partnerships[0]
	if got := p.Sources[0].Jira.Token; got != "t0ken: with # and - in it" {
		t.Errorf("token %q", got)
	}
	if got := p.Sources[0].Jira.JQL; got != "project = WASH AND summary ~ '${x}'" {
		t.Errorf("jql %q", got)
	}
	if got := p.Partners[0].Name; got != "Aqua: Fund # - 1" {
		t.Errorf("name %q", got)
	}
	if got := p.Sources[1].Sheet.HeaderRow; got != 3 {
		t.Errorf("header row %d", got)
	}
}

func TestLineEndsAndByteOrderMark(t *testing.T) {
	t.Parallel()
	p := fixture(t, "crlf-bom.yaml").Partnerships[0]
	if got := p.Partners[0].Name; got != "AquaFünd" {
		t.Errorf("name %q", got)
	}
	if got := p.Sources[0].Jira.JQL; got != "project = WASH\nAND type = Task" {
		t.Errorf("jql %q", got)
	}
}

func TestAnchors(t *testing.T) {
	t.Parallel()
	s := fixture(t, "anchors.yaml").Partnerships[0].Sources
	if diff := cmp.Diff(map[string]string{"title": "Action", "status": "State"}, s[2].Sheet.Columns); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]string{"title": "Action", "status": "Stage", "due": "When"}, s[3].Sheet.Columns); diff != "" {
		t.Error(diff)
	}
}

func TestTrustedNetwork(t *testing.T) {
	t.Parallel()
	if c := fixture(t, "trusted-network.yaml"); c.Auth == nil || !c.Auth.TrustedNetwork || c.Listen != "[::]:8080" {
		t.Errorf("%+v", c)
	}
}

func TestWebhookSecretFromAFile(t *testing.T) {
	t.Parallel()
	if got := fixture(t, "webhook.yaml").Partnerships[0].Sources[0].Jira.WebhookSecret; got != "hook-secret-from-a-file" {
		t.Errorf("it is %q", got)
	}
}

// TestNothingPrintsASecret sets every secret that the table knows and prints the configuration in every way.
func TestNothingPrintsASecret(t *testing.T) {
	t.Parallel()
	const canary = "s3cret-Canary"
	c := fixture(t, "design.yaml")
	set := 0
	for _, field := range reflect.VisibleFields(reflect.TypeFor[jira.Config]()) {
		name := field.Tag.Get("yaml")
		if slices.Contains(secretNames(table()), name) {
			reflect.ValueOf(c.Partnerships[0].Sources[0].Jira).Elem().FieldByIndex(field.Index).SetString(canary + name)
			set++
			if !slices.Contains(c.Secrets(), canary+name) {
				t.Errorf("Secrets leaves out the %s", name)
			}
		}
	}
	if set < 2 {
		t.Fatal("too few secrets found in the connector's configuration")
	}
	var out strings.Builder
	p, s := c.Partnerships[0], c.Partnerships[0].Sources[0]
	for _, v := range []any{c, *c, c.Partnerships, p, &p, p.Sources, s, &s} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x", "%10v"} {
			fmt.Fprintf(&out, verb+"\n", v)
		}
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		out.Write(b)
		if b, err = yaml.Marshal(v); err != nil {
			t.Fatal(err)
		}
		out.Write(b)
		slog.New(slog.NewTextHandler(&out, nil)).Info("config", "config", v)
		slog.New(slog.NewJSONHandler(&out, nil)).Info("config", "config", v)
	}
	for _, form := range []string{canary, fmt.Sprintf("%x", canary)} {
		if i := strings.Index(out.String(), form); i >= 0 {
			t.Errorf("a secret shows: …%s…", out.String()[max(0, i-200):i+len(form)])
		}
	}
	if !strings.Contains(out.String(), "aquafund-jira") {
		t.Error("the configuration itself does not show")
	}
	if s.Jira.Token != canary+"token" {
		t.Error("printing has changed the configuration")
	}
}

// TestNothingPrintsAChannelsSecret does so with the secrets of what people are told through, and of the login.
func TestNothingPrintsAChannelsSecret(t *testing.T) {
	t.Parallel()
	c := fixture(t, "notify.yaml")
	c.Auth = &auth.Config{OIDC: &auth.OIDC{ClientSecret: secret.New("s3cret-Canary-oidc")}}
	if got := c.Secrets(); len(got) != 5 {
		t.Errorf("Secrets has %q", got)
	}
	var out strings.Builder
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x"} {
		for _, v := range []any{c.Auth.OIDC, c.Partnerships[0].Notify} {
			fmt.Fprintf(&out, verb, v)
		}
		for _, x := range c.Partnerships[0].Notify {
			fmt.Fprintf(&out, verb+verb+verb+verb, x.Slack, x.Teams, x.Matrix, x.Mail)
		}
	}
	b, err := json.Marshal(c)
	if err != nil || !strings.Contains(string(b), "smtp.example.org") {
		t.Fatalf("as JSON %s, %v", b, err)
	}
	out.Write(b)
	for _, form := range []string{"Canary", fmt.Sprintf("%x", "Canary")} {
		if i := strings.Index(out.String(), form); i >= 0 {
			t.Errorf("a secret shows: …%s…", out.String()[max(0, i-100):i+len(form)])
		}
	}
}

// TestSecretsNeverInErrors breaks files that hold a secret, one byte at a time, and looks for the secret in the answer.
func TestSecretsNeverInErrors(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"minimal.yaml", "flow"} {
		data, err := os.ReadFile("testdata/valid/minimal.yaml")
		if err != nil {
			t.Fatal(err)
		}
		if name == "flow" {
			data, err = os.ReadFile("testdata/bad/unknown-key-beside-secret.yaml")
			if err != nil {
				t.Fatal(err)
			}
		}
		from := bytes.Index(data, []byte("jira:"))
		to := bytes.Index(data, []byte("riverton-sheet"))
		key := bytes.Index(data, []byte("token:"))
		for i := from; i < to; i++ {
			for _, junk := range []string{"", "\n", ":", "{", "]", "\"", "'", "\t", "#", "&", ", x: "} {
				broken := string(data[:i]) + junk + string(data[i+1:])
				if i >= key && i < key+len("token:") || !strings.Contains(broken, "s3cret-Canary-token") {
					continue // the secret is broken up, or its name: nobody can tell then that it is one
				}
				if _, err := Parse("x.yaml", []byte(broken), fixtureEnv); err != nil && strings.Contains(err.Error(), "Canary") {
					t.Fatalf("byte %d as %q:\n%v", i, junk, err)
				}
			}
		}
	}
}

// TestTableFitsConnectors holds the table against the connectors' own structs, so that neither knows a key that the other
// does not.
func TestTableFitsConnectors(t *testing.T) {
	t.Parallel()
	names := func(keys []key) []string {
		var out []string
		for _, k := range accepted(keys) {
			if k.refused == "" {
				out = append(out, k.name)
			}
		}
		slices.Sort(out)
		return out
	}
	tags := func(typ reflect.Type) []string {
		var out []string
		for _, f := range reflect.VisibleFields(typ) {
			if tag := f.Tag.Get("yaml"); tag != "-" && tag != "" {
				out = append(out, tag)
			}
		}
		slices.Sort(out)
		return out
	}
	for _, c := range []struct {
		what string
		keys []key
		typ  reflect.Type
	}{
		{"jira", jiraKeys(), reflect.TypeFor[jira.Config]()},
		{"jira.create", jiraKeys()[slices.IndexFunc(jiraKeys(), func(k key) bool { return k.name == "create" })].sub, reflect.TypeFor[jira.Create]()},
		{"sheet", sheetKeys(false), reflect.TypeFor[gsheets.Config]()},
	} {
		if diff := cmp.Diff(tags(c.typ), names(c.keys)); diff != "" {
			t.Errorf("%s: keys of the struct (-) and of the table (+):\n%s", c.what, diff)
		}
	}
}

func TestLoadOfWhatIsNoFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	big := filepath.Join(dir, "big.yaml")
	if err := os.WriteFile(big, []byte(strings.Repeat("# filling\n", maxBytes/10+1)), 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		filepath.Join(dir, "none.yaml"): "none.yaml: no such file: name an existing file with --config",
		dir:                             ": is a folder: name an existing file with --config",
		big:                             "big.yaml: the file has 1048577 bytes and the limit is 1048576: is this the configuration?",
		os.DevNull:                      "is not a regular file: name an existing file with --config",
	} {
		_, err := Load(path, fixtureEnv)
		var e *Error
		if !errors.As(err, &e) || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("%s: %v\nwant %s", path, err, want)
		}
	}
}

func TestCredentialsFile(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/valid/minimal.yaml")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(data), "\n")
	text := "google: {credentials_file: keys/google.json}\n" + rest
	for key, want := range map[string]string{
		`{"type":"service_account","client_email":"a@b.c","private_key":"s3cret-Canary"}`: "",
		`{"type":"service_account","client_email":"a@b.c"}`:                               "is not a service account's key",
		`{"type":"authorized_user","refresh_token":"s3cret-Canary"}`:                      "is not a service account's key",
		`s3cret-Canary`:                        "is not a service account's key",
		strings.Repeat("s3cret-Canary", 10000): "has more than 65536 bytes",
	} {
		dir := t.TempDir()
		if err := os.Mkdir(filepath.Join(dir, "keys"), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "keys", "google.json"), []byte(key), 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := Parse(filepath.Join(dir, "lockstep.yaml"), []byte(text), fixtureEnv)
		switch {
		case want == "" && err != nil:
			t.Error(err)
		case want == "" && c.Google.CredentialsFile != filepath.Join(dir, "keys", "google.json"):
			t.Errorf("path %s", c.Google.CredentialsFile)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "Canary")):
			t.Errorf("%.40s: %v, want %s", key, err, want)
		}
	}
}

// TestShippedFilesLoad reads the configurations that are shipped, with files where they expect their secrets.
func TestShippedFilesLoad(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"../deploy/config/lockstep.example.yaml", "../deploy/compose/etc/lockstep.yaml"} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			env := func(name string) (string, bool) { return "/credentials", name == "CREDENTIALS_DIRECTORY" }
			read := func(path string, _ int64) ([]byte, error) {
				if filepath.Ext(path) == ".json" {
					return []byte(`{"type":"service_account","client_email":"a@b.c","private_key":"k"}`), nil
				}
				return []byte("token"), nil
			}
			c, err := loader{name: path, env: env, read: read}.load(data)
			if err != nil {
				t.Fatal(err)
			}
			if s := c.Partnerships[0].Sources; s[0].Jira.Token != "token" || c.Google.CredentialsFile != "/credentials/google.json" {
				t.Errorf("%v", c)
			}
		})
	}
}
