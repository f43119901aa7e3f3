package web

import (
	"net/http"
	"strings"
	"testing"
)

func TestExports(t *testing.T) {
	t.Parallel()
	s := serve(t, lived(t), nil)
	for path, want := range map[string][2]string{
		"csv":                   {"text/csv; charset=utf-8", "id,title,partner"},
		"json":                  {"application/json", `"clean-water"`},
		"md":                    {"text/markdown; charset=utf-8", "# Clean Water Alliance"},
		"html":                  {"text/html; charset=utf-8", "<h1><bdi>Clean Water Alliance</bdi></h1>"},
		"md?as_of=2026-10-01":   {"text/markdown; charset=utf-8", "As of Thursday 1 October 2026"},
		"html?as_of=2026-10-01": {"text/html; charset=utf-8", "As of Thursday 1 October 2026"},
	} {
		res, body := ask(t, s, "GET", thePage+"/export/"+path)
		if res.StatusCode != http.StatusOK || res.Header.Get("Content-Type") != want[0] || !strings.Contains(body, want[1]) || !strings.Contains(res.Header.Get("Content-Disposition"), "attachment; filename=\"clean-water-2026-1") {
			t.Errorf("%s answers %s, %s, %s: %.200s", path, res.Status, res.Header.Get("Content-Type"), res.Header.Get("Content-Disposition"), body)
		}
	}
	for path, want := range map[string]int{"/p/clean-water/export/pdf": 404, "/p/nobody/export/csv": 404, "/p/clean-water/export/csv?as_of=x": 400} {
		if res, _ := ask(t, s, "GET", path); res.StatusCode != want {
			t.Errorf("%s answers %s", path, res.Status)
		}
	}
	_, page := ask(t, s, "GET", thePage+"?as_of=2026-10-01")
	has(t, page, `href="/p/clean-water/export/csv?as_of=2026-10-01"`, "Thursday 1 October 2026", "Back to now")
}
