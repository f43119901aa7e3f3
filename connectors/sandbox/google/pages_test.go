package google

import (
	"bufio"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// fetch gets a page over plain HTTP.
func (b *bench) fetch(path string) (int, string) {
	b.Helper()
	req, err := http.NewRequestWithContext(b.Context(), http.MethodGet, b.url+path, http.NoBody)
	b.must(err)
	resp, err := http.DefaultTransport.RoundTrip(req)
	b.must(err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	b.must(err)
	return resp.StatusCode, string(body)
}

// post sends a form as a browser on origin would, and returns the status and where it is sent on to.
func (b *bench) post(path, origin string, form url.Values) (int, string) {
	b.Helper()
	req, err := http.NewRequestWithContext(b.Context(), http.MethodPost, b.url+path, strings.NewReader(form.Encode()))
	b.must(err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if origin != "" {
		req.Header.Set("Origin", origin)
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	b.must(err)
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode, resp.Header.Get("Location")
}

func TestPagesShowTheGridAndEscapeEverything(t *testing.T) {
	t.Parallel()
	b := newBench(t, Options{})
	const nasty = `<script>alert(1)</script>"'><img src=x onerror=alert(2)>`
	id := b.srv.AddSpreadsheet("Book "+nasty, "Tab "+nasty[:40], "Second")
	b.must(b.srv.Put(id, b.srv.Tabs(id)[0], "A1", nasty))
	b.must(b.srv.Type(id, b.srv.Tabs(id)[0], "A2", `=HYPERLINK("javascript:alert(3)","go")`))
	b.must(b.srv.Put(id, "Second", "A1", "on the second tab"))
	b.must(b.srv.Put(id, "Second", "B1", "in a hidden column"))
	b.must(b.srv.HideColumn(id, "Second", 2, true))
	doc := b.srv.AddDocument("Doc "+nasty, "First "+nasty, "Second")

	for _, path := range []string{"/", "/spreadsheets/d/" + id + "/edit", "/document/d/" + doc + "/edit"} {
		code, body := b.fetch(path)
		if code != http.StatusOK || !strings.Contains(body, "stands in for Google Sheets") {
			t.Errorf("%s answered %d without saying what it is", path, code)
		}
		for _, bad := range []string{"<script>alert", "<img src=x", `href="javascript:`} {
			if strings.Contains(body, bad) {
				t.Errorf("%s holds %q", path, bad)
			}
		}
		if !strings.Contains(body, "&lt;script&gt;alert(1)") {
			t.Errorf("%s does not show the text", path)
		}
	}
	second := itoa(b.srv.book(id).tabs[1].id)
	_, body := b.fetch("/spreadsheets/d/" + id + "/edit?gid=" + second)
	if !strings.Contains(body, "on the second tab") || strings.Contains(body, "in a hidden column") {
		t.Error("the second tab does not come, or shows what is hidden")
	}
	if _, body = b.fetch("/spreadsheets/d/" + id + "/edit?hidden=1&gid=" + second); !strings.Contains(body, "in a hidden column") {
		t.Error("the hidden column cannot be shown")
	}
	if code, _ := b.fetch("/spreadsheets/d/none/edit"); code != http.StatusNotFound {
		t.Errorf("no such file answered %d", code)
	}
	for _, path := range []string{"/sandbox/style.css", "/sandbox/grid.js"} {
		if code, _ := b.fetch(path); code != http.StatusOK {
			t.Errorf("%s answered %d", path, code)
		}
	}
}

func TestFormsEditTheGrid(t *testing.T) {
	t.Parallel()
	b := newBench(t, Options{})
	id := b.srv.AddSpreadsheet("Book", "One")
	at := "/sandbox/spreadsheets/" + id + "/"
	steps := []struct {
		act  string
		form url.Values
		want string // the tab afterwards, rows parted by |
	}{
		{"cell", url.Values{"ref": {"A1"}, "text": {"Name"}}, "Name"},
		{"cell", url.Values{"ref": {"b1"}, "text": {"Due"}}, "Name,Due"},
		{"add-row", url.Values{"c1": {"pump"}, "c2": {"03/04/2026"}}, "Name,Due|pump,46115"},
		{"add-row", url.Values{"c1": {"well"}}, "Name,Due|pump,46115|well"},
		{"add-row", url.Values{"c1": {"audit"}, "c2": {"=B2+1"}}, "Name,Due|pump,46115|well|audit,46116"},
		{"sort", url.Values{"n": {"1"}}, "Name,Due|audit,46116|pump,46115|well"},
		{"sort-down", url.Values{"n": {"1"}}, "Name,Due|well|pump,46115|audit,46116"},
		{"insert-row", url.Values{"n": {"2"}}, "Name,Due||well|pump,46115|audit,46116"},
		{"delete-row", url.Values{"n": {"3"}}, "Name,Due||pump,46115|audit,46116"},
		{"cell", url.Values{"ref": {"A1"}, "text": {""}}, ",Due||pump,46115|audit,46116"},
	}
	for i, s := range steps {
		s.form.Set("gid", "0")
		code, to := b.post(at+s.act, b.url, s.form)
		if code != http.StatusSeeOther || strings.Contains(to, "message=") {
			t.Fatalf("step %d answered %d, %s", i, code, to)
		}
		var rows []string
		for _, r := range b.srv.Rows(id, "One") {
			var cells []string
			for _, c := range r {
				cells = append(cells, display(plain(c), nil, localeOf("en_GB")))
			}
			rows = append(rows, strings.Join(cells, ","))
		}
		// The formula in B refers to the row that it was typed next to; sorting takes it along.
		if got := strings.Join(rows, "|"); s.act != "sort" && s.act != "sort-down" && i < 5 && got != s.want {
			t.Errorf("step %d: got %s, want %s", i, got, s.want)
		}
		if i == len(steps)-1 {
			if len(rows) != 4 || !strings.HasPrefix(rows[0], ",Due") || !strings.HasPrefix(rows[2], "pump") || !strings.HasPrefix(rows[3], "audit") {
				t.Errorf("in the end: %q", rows)
			}
		}
	}
	do := func(act string, form url.Values) {
		t.Helper()
		form.Set("gid", "0")
		if code, to := b.post(at+act, b.url, form); code != http.StatusSeeOther || strings.Contains(to, "message=") {
			t.Fatalf("%s answered %d, %s", act, code, to)
		}
	}
	first := func() string {
		var out []string
		for _, r := range b.srv.Rows(id, "One") {
			s := ""
			if len(r) > 0 {
				s = display(plain(r[0]), nil, localeOf("en_GB"))
			}
			out = append(out, s)
		}
		return strings.Join(out, "|")
	}
	for _, s := range []struct{ act, n, want string }{
		{"copy-row", "3", "||pump|pump|audit"},
		{"move-up", "5", "||pump|audit|pump"},
		{"move-down", "3", "||audit|pump|pump"},
		{"delete-row", "5", "||audit|pump"},
		{"undo", "", "||audit|pump|pump"},
		{"insert-column", "1", "||||"},
		{"move-left", "2", "||audit|pump|pump"},
		{"delete-column", "2", "||audit|pump|pump"},
		{"hide-row", "3", "||audit|pump|pump"},
		{"hide-column", "2", "||audit|pump|pump"},
	} {
		if do(s.act, url.Values{"n": {s.n}}); first() != s.want {
			t.Errorf("after %s the first column is %s, want %s", s.act, first(), s.want)
		}
	}
	_, body := b.fetch("/spreadsheets/d/" + id + "/edit")
	if strings.Contains(body, ">audit<") || !strings.Contains(body, "1 hidden") || strings.Contains(body, `data-ref="B1"`) {
		t.Error("what was hidden is shown, or is not counted")
	}
	do("comment", url.Values{"ref": {"A4"}, "text": {"<b>late</b>?"}})
	comment := b.srv.Comments(id)[0].ID
	do("reply", url.Values{"comment": {comment}, "text": {"tomorrow"}})
	if _, body = b.fetch("/spreadsheets/d/" + id + "/edit"); !strings.Contains(body, "&lt;b&gt;late&lt;/b&gt;?") || !strings.Contains(body, "tomorrow") {
		t.Error("the comment is not on the page")
	}
	do("resolve", url.Values{"comment": {comment}})
	do("copy-tab", url.Values{})
	if c := b.srv.Comments(id)[0]; !c.Resolved || strings.Join(b.srv.Tabs(id), "|") != "One|Copy of One" {
		t.Errorf("the comment is %+v, the tabs are %v", c, b.srv.Tabs(id))
	}
	if _, to := b.post(at+"cell", "", url.Values{"gid": {"0"}, "ref": {"ZZ9999"}, "text": {"x"}}); !strings.Contains(to, "message=there+is+no+cell") {
		t.Errorf("a cell outside of the grid: %s", to)
	}
	if code, _ := b.post(at+"cell", "https://evil.test", url.Values{"gid": {"0"}, "ref": {"A1"}, "text": {"hacked"}}); code != http.StatusForbidden {
		t.Errorf("a page of another site could post: %d", code)
	}
	if b.srv.Cell(id, "One", "A1") == "hacked" {
		t.Error("the post from another site was done")
	}
}

// plain makes a calculated value of what Rows gives.
func plain(x any) value {
	v, err := plainValue(x)
	if err != nil {
		return failureOf("VALUE", err.Error())
	}
	return v
}

func TestOpenPagesHearOfChanges(t *testing.T) {
	t.Parallel()
	b := newBench(t, Options{})
	id := b.srv.AddSpreadsheet("Book")
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, b.url+"/sandbox/events", http.NoBody)
	b.must(err)
	resp, err := http.DefaultTransport.RoundTrip(req)
	b.must(err)
	defer resp.Body.Close()
	in := bufio.NewScanner(resp.Body)
	if !in.Scan() || in.Text() != ": open" {
		t.Fatalf("the stream began with %q", in.Text())
	}
	b.must(b.srv.Type(id, "Sheet1", "A1", "x"))
	for in.Scan() {
		if in.Text() == "data: "+id {
			b.srv.Close()
			for in.Scan() { // ends because the server was closed
			}
			return
		}
	}
	t.Error("the stream ended without a word of the change")
}

func TestWhatThePageOffersForEditingTypesBackToTheSame(t *testing.T) {
	t.Parallel()
	s := New(Options{})
	id := s.AddSpreadsheet("Book")
	for _, typed := range []string{
		"plain", "'=1+1", "'12", "12.5", "=A1", "TRUE", "'TRUE", "14/03/2026", "2026-03-14", "14/03/2026 09:30", "09:30", "50%", "£12.50", "1e5",
		"''quoted", "line\nbreak", "-3", "0.1",
	} {
		if err := s.Type(id, "Sheet1", "C3", ""); err != nil {
			t.Fatal(err)
		}
		if err := s.Type(id, "Sheet1", "C3", typed); err != nil {
			t.Fatal(err)
		}
		w := s.book(id)
		before := w.tabs[0].at(2, 2)
		if err := s.Type(id, "Sheet1", "C3", editable(before, newCalculator(w, noon))); err != nil {
			t.Fatal(err)
		}
		after := s.book(id).tabs[0].at(2, 2)
		if after == nil || after.v != before.v {
			t.Errorf("%q: held %+v, saving it unchanged made %+v", typed, before.v, after)
		}
	}
}
