package gsheets

import (
	"strings"
	"testing"
)

func TestValidate(t *testing.T) {
	t.Parallel()
	good := Config{Spreadsheet: "1Abc", Tab: "Actions", Columns: map[string]string{"title": "Action"}}
	for name, c := range map[string]struct {
		change func(*Config)
		want   string
	}{
		"good":             {func(*Config) {}, ""},
		"scorecard":        {func(c *Config) { c.Scorecard, c.Columns = true, nil }, ""},
		"no spreadsheet":   {func(c *Config) { c.Spreadsheet = " " }, "spreadsheet:"},
		"an address":       {func(c *Config) { c.Spreadsheet = "https://docs.google.com/spreadsheets/d/1Abc/edit" }, "/d/ and /edit"},
		"no tab":           {func(c *Config) { c.Tab = "" }, "tab:"},
		"no title":         {func(c *Config) { c.Columns = nil }, "columns.title:"},
		"row":              {func(c *Config) { c.HeaderRow = -1 }, "header_row:"},
		"unknown field":    {func(c *Config) { c.Columns = map[string]string{"title": "A", "deu": "Due"} }, "“due”"},
		"no header":        {func(c *Config) { c.Columns = map[string]string{"title": "A", "due": ""} }, "columns.due:"},
		"one header twice": {func(c *Config) { c.Columns = map[string]string{"title": "A", "due": " a "} }, "columns.title: the column"},
		"our own header":   {func(c *Config) { c.Columns = map[string]string{"title": "Lockstep id"} }, "id column"},
		"unknown status":   {func(c *Config) { c.Status = map[string][]string{"dnoe": {"Fini"}} }, "“done”"},
		"a word twice":     {func(c *Config) { c.Status = map[string][]string{"done": {"Fini"}, "blocked": {"FINI!"}} }, "stands for"},
	} {
		cfg := good
		c.change(&cfg)
		errs := cfg.Validate()
		if c.want == "" && len(errs) > 0 || c.want != "" && (len(errs) != 1 || !strings.Contains(errs[0].Error(), c.want)) {
			t.Errorf("%s: %v; want %q", name, errs, c.want)
		}
	}
}

func TestFingerprint(t *testing.T) {
	t.Parallel()
	b := open(t, columns("title", "Action"), "Action", "Pump")
	seen := map[string]bool{b.c.Describe().Fingerprint: true}
	b.adopt()
	if !seen[b.c.Describe().Fingerprint] {
		t.Error("adopting rows changes the fingerprint")
	}
	for _, change := range []func(*Config){
		func(c *Config) { c.Spreadsheet += "x" },
		func(c *Config) { c.Tab = "Other" },
		func(c *Config) { c.HeaderRow = 2 },
		func(c *Config) { c.Columns = map[string]string{"title": "Task"} },
		func(c *Config) { c.Status = map[string][]string{"done": {"Fini"}} },
	} {
		cfg := b.c.cfg
		change(&cfg)
		c, err := New(cfg, b.c.svc, Options{})
		b.must(err)
		if seen[c.Describe().Fingerprint] {
			t.Errorf("%+v has a fingerprint that was seen", cfg)
		}
		seen[c.Describe().Fingerprint] = true
	}
}
