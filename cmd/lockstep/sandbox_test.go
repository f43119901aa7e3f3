package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const (
	issueLine = `{"id":"%d","key":"ROAD-%d","fields":{"summary":"Mend road %d","status":{"id":"1","name":"Open","statusCategory":{"key":"new"}},` +
		`"issuetype":{"id":"3","name":"Task"},"project":{"id":"77","key":"ROAD","name":"Roads"},"created":"2026-01-02T03:04:05.000+0000","updated":"2026-01-02T03:04:05.000+0000"}}`
	rowLines = `{"A":"Action","B":"Status"}` + "\n" + `{"A":"Lay the main","B":"Ongoing"}` + "\n" + `{"A":"Move the kiosks","B":"Done","C":12.5}` + "\n"
)

func issueLines(from, n int) string {
	var b strings.Builder
	for i := from; i < from+n; i++ {
		fmt.Fprintf(&b, issueLine+"\n", 5000+i, i, i)
	}
	return b.String()
}

func packed(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := io.WriteString(z, text); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestSandbox loads files, plain and packed, prints its addresses in one JSON object, and serves what was loaded; a whole
// cycle runs on it.
func TestSandbox(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	one := write(t, filepath.Join(dir, "one.jsonl"), issueLines(1, 3))
	two := write(t, filepath.Join(dir, "two.jsonl.gz"), packed(t, issueLines(4, 2)))
	rows := write(t, filepath.Join(dir, "rows.jsonl.gz"), packed(t, rowLines))
	ctx, stop := context.WithCancel(t.Context())
	r, w := io.Pipe()
	var errs bytes.Buffer
	code := make(chan int, 1)
	go func() {
		code <- run(env{ctx: ctx, stdout: w, stderr: &errs, lookup: os.LookupEnv},
			[]string{"sandbox", "--jira-issues", one, "--jira-issues", two, "--sheet-rows", rows, "--listen", "127.0.0.1:0"})
		_ = w.Close()
	}()
	printed := lines{bufio.NewScanner(r)}
	line := printed.next(t)
	var shape map[string]map[string]json.RawMessage
	if err := json.Unmarshal([]byte(line), &shape); err != nil {
		t.Fatal(err)
	}
	keysAre(t, shape["jira"], "url", "flavor", "email", "token", "project")
	keysAre(t, shape["google"], "endpoint", "spreadsheets", "documents")
	var at sandboxAddresses
	if err := json.Unmarshal([]byte(line), &at); err != nil {
		t.Fatal(err)
	}
	if at.Jira.Project != "ROAD" || at.Google.Documents["report"] == "" || len(at.Google.Spreadsheets) != 2 {
		t.Errorf("the addresses are %s", line)
	}
	if code, body := get(t, at.Jira.URL+"/"); code != http.StatusOK || !strings.Contains(body, "Mend road 5") {
		t.Errorf("the board answers %d without the packed file's issue", code)
	}
	if code, body := get(t, at.Google.Endpoint+"/spreadsheets/d/"+at.Google.Spreadsheets["partner"]+"/edit"); code != http.StatusOK || !strings.Contains(body, "Move the kiosks") {
		t.Errorf("the sheet answers %d without the loaded row", code)
	}

	config := write(t, filepath.Join(dir, "lockstep.yaml"), strings.NewReplacer(
		"$DIR", dir, "$JIRA", at.Jira.URL, "$EMAIL", at.Jira.Email, "$TOKEN", at.Jira.Token, "$GOOGLE", at.Google.Endpoint,
		"$PARTNER", at.Google.Spreadsheets["partner"], "$SCORECARD", at.Google.Spreadsheets["scorecard"],
	).Replace(`listen: 127.0.0.1:0
store: "sqlite:$DIR/lockstep.db"
google: {endpoint: "$GOOGLE"}
partnerships:
  - id: roads
    key: RD
    name: Roads
    partners: [{id: county, name: County, sector: public}, {id: city, name: City, sector: public}]
    sources:
      - {id: county-jira, partner: county, jira: {url: "$JIRA", email: "$EMAIL", token: "$TOKEN", jql: project = ROAD}}
      - {id: city-sheet, partner: city, sheet: {spreadsheet: $PARTNER, tab: Actions, columns: {title: Action, status: Status}}}
    scorecard:
      sheet: {spreadsheet: $SCORECARD, tab: Scorecard}
`))
	lockstep(t, "once", "--config", config).wants(t, exitOK, "roads: ok, 7 tasks", "")
	lockstep(t, "once", "--config", config).wants(t, exitOK, "0 writes planned", "")

	stop()
	if printed.Scan() {
		t.Errorf("more than one object was printed: %q", printed.Text())
	}
	if c := <-code; c != exitOK || !strings.Contains(errs.String(), "two.jsonl.gz: 2 issues") || !strings.Contains(errs.String(), "rows.jsonl.gz: 3 rows") {
		t.Errorf("exit code %d, errors:\n%s", c, errs.String())
	}
}

// TestSandboxRefusesBrokenFiles: the error names the file and the line.
func TestSandboxRefusesBrokenFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	good := write(t, filepath.Join(dir, "good.jsonl"), issueLines(1, 2))
	cases := map[string]struct{ flag, file, text, says string }{
		"a broken issue":   {"--jira-issues", "broken.jsonl", issueLines(1, 2) + `{"id":"9","key":` + "\n", "line 3"},
		"no issue":         {"--jira-issues", "other.jsonl", issueLines(1, 1) + `{"a":1}` + "\n", "line 2"},
		"a packed one":     {"--jira-issues", "broken.jsonl.gz", packed(t, issueLines(1, 1)+"]\n"), "line 2"},
		"not packed":       {"--jira-issues", "plain.jsonl.gz", issueLines(1, 1), "unpack"},
		"cut off":          {"--jira-issues", "cut.jsonl.gz", packed(t, issueLines(1, 300))[:120], "unexpected EOF"},
		"a broken row":     {"--sheet-rows", "rows.jsonl", `{"A":"Action"}` + "\n" + `{"A":` + "\n", "row 2"},
		"a row of nesting": {"--sheet-rows", "deep.jsonl", `{"A":{"b":1}}` + "\n", "row 1"},
		"a wrong column":   {"--sheet-rows", "column.jsonl", `{"A":"x"}` + "\n" + `{"1":"x"}` + "\n", "row 2"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := write(t, filepath.Join(dir, c.file), c.text)
			args := []string{"sandbox", c.flag, file}
			if c.flag == "--sheet-rows" {
				args = append(args, "--jira-issues", good)
			}
			got := lockstep(t, args...)
			got.wants(t, exitError, "", c.says)
			got.wants(t, exitError, "", c.file)
			if got.out != "" {
				t.Errorf("addresses were printed all the same: %s", got.out)
			}
		})
	}
	lockstep(t, "sandbox", "--listen", "127.0.0.1:notaport").wants(t, exitError, "", "notaport")
}

// TestSandboxIsOfTheFlavorAskedFor: a Data Center says so, and lets in whom it prints.
func TestSandboxIsOfTheFlavorAskedFor(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	one := write(t, filepath.Join(dir, "one.jsonl"), issueLines(1, 3))
	ctx, stop := context.WithCancel(t.Context())
	r, w := io.Pipe()
	code := make(chan int, 1)
	go func() {
		code <- run(env{ctx: ctx, stdout: w, stderr: io.Discard, lookup: os.LookupEnv},
			[]string{"sandbox", "--jira-issues", one, "--jira-flavor", "datacenter", "--listen", "127.0.0.1:0"})
		_ = w.Close()
	}()
	line := lines{bufio.NewScanner(r)}.next(t)
	var at sandboxAddresses
	if err := json.Unmarshal([]byte(line), &at); err != nil {
		t.Fatal(err)
	}
	if at.Jira.Flavor != "datacenter" || at.Jira.User != "bot" {
		t.Errorf("the addresses are %s", line)
	}
	for path, auth := range map[string]func(*http.Request){
		"/rest/api/2/myself":                    func(r *http.Request) { r.SetBasicAuth(at.Jira.User, at.Jira.Token) },
		"/rest/api/2/search?jql=project%3DROAD": func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+at.Jira.Token) },
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, at.Jira.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		auth(req)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if err != nil || resp.StatusCode != http.StatusOK || resp.Header.Get("X-Ausername") != "bot" {
			t.Errorf("%s: %d %s %v", path, resp.StatusCode, body, err)
		}
	}
	stop()
	if c := <-code; c != exitOK {
		t.Errorf("exit code %d", c)
	}
	lockstep(t, "sandbox", "--jira-flavor", "server").wants(t, exitError, "", "--jira-flavor")
}
