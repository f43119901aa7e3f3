package web

import (
	"context"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/lockstep-sync/lockstep/web/auth"
)

// guarded asks for a password: amina's is as given, and she is an editor.
func guarded(t *testing.T, password string) func(*Options) {
	t.Helper()
	line, err := auth.Hash("amina", []byte(password))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "users")
	if err := os.WriteFile(path, []byte(line+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	g, err := auth.New(auth.Config{UsersFile: path, Grants: []auth.Grant{{People: []string{"amina"}, Role: auth.Editor}}}, auth.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return func(o *Options) { o.Identify = g.Wrap }
}

func TestPagesBehindALogin(t *testing.T) {
	t.Parallel()
	s := serve(t, lived(t), guarded(t, "correct horse battery"))
	res, _ := ask(t, s, "GET", theTasks+"?q=x")
	if res.StatusCode != http.StatusSeeOther || res.Header.Get("Location") != "/auth/login?next="+url.QueryEscape(theTasks+"?q=x") || res.Header.Get("Content-Security-Policy") == "" {
		t.Fatalf("a page answers %s, %v", res.Status, res.Header)
	}
	_, page := ask(t, s, "GET", res.Header.Get("Location"))
	has(t, page, `name="next" value="/p/clean-water/tasks?q=x"`, `autocomplete="current-password"`, "page.css")
	lacks(t, page, "Clean Water", "http-equiv")
	if res, page := post(t, s, "/auth/login", url.Values{"name": {"amina"}, "password": {"wrong"}}); res.StatusCode != http.StatusUnauthorized || !strings.Contains(page, `role="alert">Name or password is wrong.`) {
		t.Errorf("a wrong password answers %s", res.Status)
	}
	form := url.Values{"name": {"amina"}, "password": {"correct horse battery"}, "next": {theTasks + "?q=x"}}
	if res, _ := post(t, s, "/auth/login", form, "Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example"); res.StatusCode != http.StatusForbidden {
		t.Errorf("a login from another site answers %s", res.Status)
	}
	res, page = post(t, s, "/auth/login", form)
	if res.StatusCode != http.StatusOK {
		t.Fatalf("the right password answers %s", res.Status)
	}
	has(t, page, `<meta http-equiv="refresh" content="0; url=/p/clean-water/tasks?q=x">`, `href="/p/clean-water/tasks?q=x"`)
	cookie, _, _ := strings.Cut(res.Header.Get("Set-Cookie"), ";")
	_, page = ask(t, s, "GET", thePage+"/gates", "Cookie", cookie)
	has(t, page, "Record a decision", "<bdi>amina</bdi>", "Log out")
	if res, body := ask(t, s, "GET", "/api/v1/partnerships"); res.StatusCode != http.StatusUnauthorized || !strings.Contains(body, "Log in first.") {
		t.Errorf("the API answers %s %s", res.Status, body)
	}
}

// logsIn logs in with a keyboard in a browser, and comes to the page that was asked for.
func logsIn(ctx context.Context, t *testing.T) {
	t.Helper()
	axe := axeSource(t)
	base := site(t, serve(t, lived(t), guarded(t, "correct horse battery")))
	ctx = tab(ctx, t)
	do(ctx, t, chromedp.Navigate(base+thePage+"/gates"), chromedp.WaitVisible(chromedp.CSS("input[name=password]")))
	accessible(ctx, t, axe, "the login")
	do(ctx, t, chromedp.SendKeys(chromedp.CSS("input[name=name]"), "amina"), chromedp.SendKeys(chromedp.CSS("input[name=password]"), "correct horse battery\r"))
	do(ctx, t, chromedp.WaitVisible(chromedp.CSS(".whoami")), chromedp.WaitVisible(chromedp.CSS("#gate-pilot")))
	until(ctx, t, `document.getElementById("live").textContent === "live"`)
	// A decision is recorded by hand, and the page that comes then shows it.
	eval[bool](ctx, t, `(document.querySelectorAll(".record")[1].open = true)`)
	do(ctx, t, chromedp.Click(chromedp.CSS(`form[data-key="form-pilot"] input[value="go"]`)), chromedp.Click(chromedp.CSS(`form[data-key="form-pilot"] input[name="by"]`)),
		chromedp.Click(chromedp.CSS(`form[data-key="form-pilot"] button.main`)), chromedp.WaitVisible(chromedp.CSS(`section[aria-labelledby="gate-pilot"] .o-go`)))
}
