package web

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// axeSource is the checker of accessibility that pages are held against. Where there is none the test skips, but not in CI.
func axeSource(t *testing.T) string {
	t.Helper()
	for _, path := range []string{os.Getenv("LOCKSTEP_AXE"), filepath.Join("..", ".bin", "debian", "npm", "axe-core", "axe.min.js")} {
		if body, err := os.ReadFile(path); path != "" && err == nil {
			return string(body)
		}
	}
	if os.Getenv("CI") == "true" {
		t.Fatal("there is no axe-core, which CI must have: .ci/tools gets it")
	}
	t.Skip("SKIPPED: no axe-core here; `make tools` gets it")
	return ""
}

// accessible holds the page that is open against WCAG 2.2 AA, and fails for each finding with the elements that it is about.
func accessible(ctx context.Context, t *testing.T, axe, what string) {
	t.Helper()
	eval[bool](ctx, t, axe+"; true")
	const run = `axe.run(document, {runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}).then(r => JSON.stringify({
		passes: r.passes.length, violations: r.violations.map(v => ({id: v.id, impact: v.impact, help: v.help, nodes: v.nodes.slice(0, 3).map(n => n.html.slice(0, 160) + " | " + (n.any[0]?.message ?? ""))}))}))`
	text, err := chromedp.Run(ctx, chromedp.Evaluate[string](run, chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatalf("%s: run axe: %v", what, err)
	}
	var found struct {
		Passes     int
		Violations []struct {
			ID, Impact, Help string
			Nodes            []string
		}
	}
	if err := json.Unmarshal([]byte(text), &found); err != nil {
		t.Fatal(err)
	}
	if found.Passes < 10 {
		t.Errorf("%s: axe looked at %d rules only", what, found.Passes)
	}
	for _, v := range found.Violations {
		t.Errorf("%s: %s (%s): %s\n\t%s", what, v.ID, v.Impact, v.Help, strings.Join(v.Nodes, "\n\t"))
	}
}

// everyPage is an address of each page of a partnership.
func everyPage() []string {
	var out []string
	for _, p := range pages() {
		path := strings.NewReplacer("{task}", "CW-2", "{cycle}", "41").Replace(p.path)
		if path != "" {
			path = "/" + path
		}
		out = append(out, thePage+path)
	}
	return out
}

// accessiblePages looks at every page in both themes, and on a phone.
func accessiblePages(ctx context.Context, t *testing.T) {
	t.Helper()
	axe := axeSource(t)
	url := site(t, serve(t, lived(t), nil))
	ctx = tab(ctx, t)
	for _, look := range []struct {
		scheme string
		width  int64
	}{{"light", 1440}, {"dark", 390}} {
		do(ctx, t, chromedp.EmulateViewport(look.width, 900),
			protocol("Emulation.setEmulatedMedia", map[string]any{"features": []map[string]string{{"name": "prefers-color-scheme", "value": look.scheme}}}))
		for _, path := range everyPage() {
			do(ctx, t, chromedp.Navigate(url+path))
			accessible(ctx, t, axe, path+" "+look.scheme)
		}
	}
}
