package jira

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lockstep-sync/lockstep/sync/task"
)

func TestValidate(t *testing.T) {
	t.Parallel()
	good := Config{URL: "https://a.atlassian.net", Email: "bot@example.org", TokenFile: "/run/secrets/a", JQL: "project = WASH"}
	if errs := good.Validate(); len(errs) != 0 {
		t.Fatalf("a sound configuration: %v", errs)
	}
	for want, change := range map[string]func(*Config){
		"url: say where":        func(c *Config) { c.URL = "" },
		"url: this is not":      func(c *Config) { c.URL = "ftp://x" },
		"url: take the user":    func(c *Config) { c.URL = "https://u:pw@x" },
		"url: give the address": func(c *Config) { c.URL = "https://x/?a=b" },
		"flavor: ":              func(c *Config) { c.Flavor = "server" },
		"token_file: ":          func(c *Config) { c.TokenFile = "" },
		"token: give either":    func(c *Config) { c.Token = "t" },
		"jql: ":                 func(c *Config) { c.JQL = " ORDER BY key" },
		"create.project: ":      func(c *Config) { c.Create = &Create{} },
		"did you mean blocked?": func(c *Config) { c.Status = map[string][]string{"bloked": {"x"}} },
		"a name is empty":       func(c *Config) { c.Status = map[string][]string{"blocked": {" "}} },
		`stands under blocked`:  func(c *Config) { c.Status = map[string][]string{"blocked": {"Hold"}, "cancelled": {"hold"}} },
		"fields.partner: ":      func(c *Config) { c.Fields = map[task.Field]string{task.Partner: "x"} },
		"fields.status: ":       func(c *Config) { c.Fields = map[task.Field]string{task.Status: "x"} },
		"fields.title: ":        func(c *Config) { c.Fields = map[task.Field]string{task.Title: ""} },
		"is mapped to due too":  func(c *Config) { c.Fields = map[task.Field]string{task.Start: "duedate"} },
	} {
		c := good
		change(&c)
		errs := c.Validate()
		if len(errs) != 1 || !strings.Contains(errs[0].Error(), want) {
			t.Errorf("want one error with %q, got %v", want, errs)
		}
		for _, err := range errs {
			if strings.Contains(err.Error(), "pw") {
				t.Errorf("%v holds a password", err)
			}
		}
	}
}

func TestFingerprint(t *testing.T) {
	t.Parallel()
	base := Config{URL: "https://a", Token: "t", JQL: "project = A"}
	for name, tc := range map[string]struct {
		change func(*Config)
		same   bool
	}{
		"another token":     {func(c *Config) { c.Token = "u" }, true},
		"another account":   {func(c *Config) { c.Email = "x" }, true},
		"an order":          {func(c *Config) { c.JQL = "project = A ORDER BY key" }, true},
		"a slash":           {func(c *Config) { c.URL = "https://a/" }, true},
		"another filter":    {func(c *Config) { c.JQL = "project = B" }, false},
		"another site":      {func(c *Config) { c.URL = "https://b" }, false},
		"another status":    {func(c *Config) { c.Status = map[string][]string{"blocked": {"Impeded"}} }, false},
		"another field":     {func(c *Config) { c.Fields = map[task.Field]string{task.Start: "x"} }, false},
		"a field less":      {func(c *Config) { c.Fields = map[task.Field]string{task.Due: ""} }, false},
		"a default spelled": {func(c *Config) { c.Fields = map[task.Field]string{task.Due: "duedate"} }, true},
	} {
		c := base
		tc.change(&c)
		if (c.fingerprint() == base.fingerprint()) != tc.same {
			t.Errorf("%s: want the same fingerprint: %v", name, tc.same)
		}
	}
}

func TestTokenFile(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "token")
	c := Config{URL: "https://a", JQL: "project = A", TokenFile: file}
	if _, err := New(c, Options{}); err == nil || !strings.Contains(err.Error(), "token_file") {
		t.Errorf("a token file that is not there: %v", err)
	}
	if err := os.WriteFile(file, []byte(" \n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := New(c, Options{}); err == nil {
		t.Error("an empty token file was taken")
	}
	if err := os.WriteFile(file, []byte("abc\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := c.token(); got != "abc" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
	if _, err := New(c, Options{}); err != nil {
		t.Error(err)
	}
}
