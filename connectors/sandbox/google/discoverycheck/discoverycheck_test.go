package discoverycheck

import (
	"go/build"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
)

func sheetsDocument(t *testing.T) string {
	t.Helper()
	p, err := build.Import("google.golang.org/api/sheets/v4", ".", build.FindOnly)
	if err != nil {
		t.Skipf("the discovery document cannot be found: %v", err)
	}
	return filepath.Join(p.Dir, "sheets-api.json")
}

// canned answers every request with one status and body.
type canned struct {
	status int
	body   string
}

func (c canned) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		_, _ = io.Copy(io.Discard, r.Body)
	}
	return &http.Response{StatusCode: c.status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(c.body)), Request: r}, nil
}

func TestExchangesAreHeldAgainstTheDocument(t *testing.T) {
	t.Parallel()
	const at = "http://sheets.test/v4/spreadsheets/abc"
	for name, c := range map[string]struct {
		method, url, body string
		answer            canned
		want              string // part of the one violation, "" for none
	}{
		"fits":              {"GET", at + "?fields=sheets", "", canned{200, `{"sheets":[{"properties":{"sheetId":0}}]}`}, ""},
		"values":            {"GET", at + "/values/Sheet1%21A1%3AB2?valueRenderOption=FORMULA", "", canned{200, `{"values":[["a",1,true]]}`}, ""},
		"append":            {"POST", at + "/values/A1:append?valueInputOption=RAW", `{"values":[[null]]}`, canned{200, `{"updates":{"updatedRows":1}}`}, ""},
		"error":             {"GET", at, "", canned{404, `{"error":{"code":404,"message":"no","status":"NOT_FOUND"}}`}, ""},
		"no such method":    {"DELETE", at, "", canned{200, `{}`}, "no such method"},
		"unknown parameter": {"GET", at + "?colour=red", "", canned{200, `{}`}, `no parameter "colour"`},
		"bad choice":        {"GET", at + "/values/A1?valueRenderOption=PRETTY", "", canned{200, `{}`}, `cannot be "PRETTY"`},
		"twice":             {"GET", at + "?fields=a&fields=b", "", canned{200, `{}`}, "more than once"},
		"unknown in body":   {"POST", at + ":batchUpdate", `{"requests":[{"sortRage":{}}]}`, canned{200, `{}`}, `no field "sortRage"`},
		"wrong type":        {"POST", at + ":batchUpdate", `{"requests":[{"deleteSheet":{"sheetId":"one"}}]}`, canned{200, `{}`}, "whole number"},
		"bad enum":          {"POST", at + ":batchUpdate", `{"requests":[{"appendDimension":{"dimension":"ROW"}}]}`, canned{200, `{}`}, `cannot be "ROW"`},
		"unknown in answer": {"GET", at, "", canned{200, `{"sheetz":[]}`}, `no field "sheetz"`},
		"type in answer":    {"GET", at, "", canned{200, `{"sheets":[{"properties":{"hidden":"yes"}}]}`}, "true or false"},
		"odd error":         {"GET", at, "", canned{500, `oops`}, "not an error as Google writes them"},
		"no json":           {"GET", at, "", canned{200, `<html>`}, "no JSON"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			check, err := New(sheetsDocument(t))
			if err != nil {
				t.Fatal(err)
			}
			req, err := http.NewRequestWithContext(t.Context(), c.method, c.url, strings.NewReader(c.body))
			if err != nil {
				t.Fatal(err)
			}
			resp, err := check.Wrap(c.answer).RoundTrip(req)
			if err != nil {
				t.Fatal(err)
			}
			if got, _ := io.ReadAll(resp.Body); string(got) != c.answer.body {
				t.Errorf("the answer came through as %q", got)
			}
			got := check.Violations()
			switch {
			case c.want == "" && len(got) > 0:
				t.Errorf("found fault: %q", got)
			case c.want != "" && (len(got) != 1 || !strings.Contains(got[0], c.want)):
				t.Errorf("got %q, want one about %q", got, c.want)
			}
			if check.Checked() != 1 {
				t.Errorf("counted %d exchanges", check.Checked())
			}
		})
	}
}
