package auth

import (
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"
)

// clock is a clock that tests set.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// plain draws pages as text.
func plain(w http.ResponseWriter, _ *http.Request, status int, p Page) {
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, "%s|%s|%s|form %v|%s|next %s", p.Title, p.Text, p.Problem, p.Form, p.OIDC, p.Next)
}

// served tells who asks.
func served(w http.ResponseWriter, r *http.Request) {
	p := From(r.Context())
	_, _ = fmt.Fprintf(w, "%s (%s) is %s in clean-water, %s in roads", p.ID, p.Name, p.Role("clean-water"), p.Role("roads"))
}

const amina = "correct horse battery"

// usersFile holds amina with a password, cheaply hashed.
func usersFile(t *testing.T) string {
	t.Helper()
	hash, err := bcrypt.GenerateFromPassword([]byte(amina), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	line := "amina:" + string(hash)
	path := filepath.Join(t.TempDir(), "users")
	if err := os.WriteFile(path, []byte("# users\n\n"+line+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func guard(t *testing.T, c Config, clk *clock) *Guard {
	t.Helper()
	g, err := New(c, Options{Now: clk.Now})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// site serves behind a guard, and browser is somebody's browser, which follows nothing by itself.
func site(t *testing.T, g *Guard) (base string, browser *http.Client) {
	t.Helper()
	srv := httptest.NewServer(g.Wrap(http.HandlerFunc(served), plain))
	t.Cleanup(srv.Close)
	return srv.URL, newBrowser(t)
}

func newBrowser(t *testing.T) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

func answer(t *testing.T, c *http.Client, method, target string, form url.Values) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, target, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	res, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if _, err := fmt.Fprint(&b, readAll(t, res)); err != nil {
		t.Fatal(err)
	}
	return res, b.String()
}

var grants = []Grant{
	{People: []string{"amina"}, Role: Viewer},
	{People: []string{"Amina"}, Role: Editor, Partnerships: []string{"clean-water"}},
	{People: []string{"*@riverton.gov"}, Role: Operator, Partnerships: []string{"roads"}},
}

func TestPasswords(t *testing.T) {
	t.Parallel()
	clk := &clock{now: time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)}
	g := guard(t, Config{UsersFile: usersFile(t), Grants: grants}, clk)
	base, b := site(t, g)
	if res, _ := answer(t, b, "GET", base+"/p/clean-water?x=1", nil); res.StatusCode != http.StatusSeeOther || res.Header.Get("Location") != "/auth/login?next=%2Fp%2Fclean-water%3Fx%3D1" {
		t.Fatalf("a page answers %s to %s", res.Status, res.Header.Get("Location"))
	}
	for path, want := range map[string]int{"/api/v1/partnerships": 401, "/events?partnership=x": 401, "/healthz": 200, "/readyz": 200, "/metrics": 200, "/assets/x.css": 200, "/webhooks/drive": 200} {
		if res, body := answer(t, b, "GET", base+path, nil); res.StatusCode != want || want == 200 && !strings.HasPrefix(body, " () is none") {
			t.Errorf("%s answers %s %s", path, res.Status, body)
		}
	}
	if res, body := answer(t, b, "GET", base+"/auth/login?next=//evil.example", nil); res.StatusCode != http.StatusOK || !strings.HasSuffix(body, "form true||next /") {
		t.Errorf("the login is %s %s", res.Status, body)
	}
	for _, c := range [][2]string{{"amina", "wrong"}, {"nobody", amina}, {"amina", strings.Repeat("x", 100)}, {"", ""}} {
		if res, body := answer(t, b, "POST", base+"/auth/login", url.Values{"name": {c[0]}, "password": {c[1]}}); res.StatusCode != http.StatusUnauthorized || !strings.Contains(body, "Name or password is wrong.") {
			t.Errorf("%q answers %s %s", c, res.Status, body)
		}
	}
	res, body := answer(t, b, "POST", base+"/auth/login", url.Values{"name": {"amina"}, "password": {amina}, "next": {"/p/clean-water"}})
	cookie := res.Cookies()[0]
	if res.StatusCode != http.StatusOK || !strings.HasSuffix(body, "next /p/clean-water") || !cookie.HttpOnly || cookie.SameSite != http.SameSiteStrictMode || cookie.Secure {
		t.Fatalf("the right password answers %s %s, cookie %v", res.Status, body, cookie)
	}
	if _, body := answer(t, b, "GET", base+"/p/clean-water", nil); body != "amina (amina) is editor in clean-water, viewer in roads" {
		t.Errorf("it says %s", body)
	}
	// Somebody else's browser is not logged in by it, and a session ends.
	if res, _ := answer(t, newBrowser(t), "GET", base+"/", nil); res.StatusCode != http.StatusSeeOther {
		t.Errorf("another browser answers %s", res.Status)
	}
	answer(t, b, "POST", base+"/auth/logout", nil)
	if res, _ := answer(t, b, "GET", base+"/", nil); res.StatusCode != http.StatusSeeOther {
		t.Errorf("after the logout: %s", res.Status)
	}
	b.Jar.SetCookies(must(url.Parse(base)), []*http.Cookie{cookie})
	if res, _ := answer(t, b, "GET", base+"/", nil); res.StatusCode != http.StatusSeeOther {
		t.Errorf("the session of before the logout still answers %s", res.Status)
	}
}

func TestGuessesTakeLongerAndLonger(t *testing.T) {
	t.Parallel()
	clk := &clock{now: time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)}
	var g guesses
	for range freeGuesses {
		g.wrong(clk.now, "amina")
	}
	if g.wait(clk.now, "amina") > 0 {
		t.Error("the first guesses cost time")
	}
	last := time.Duration(0)
	for i := range 30 {
		g.wrong(clk.now, "amina", "10.0.0.1")
		w := g.wait(clk.now, "amina", "somebody else")
		if w < last || w > longestWait || i == 0 && w != firstWait {
			t.Fatalf("after %d guesses one waits %s, before %s", i, w, last)
		}
		last = w
	}
	if last != longestWait || g.wait(clk.now, "somebody else") > 0 {
		t.Errorf("at last one waits %s", last)
	}
	if g.wait(clk.now.Add(last), "amina") > 0 {
		t.Error("the wait does not end")
	}
	g.forget("amina")
	if g.wait(clk.now, "amina") > 0 || g.wait(clk.now, "10.0.0.1") == 0 {
		t.Error("a right password forgives the user, and not the address")
	}
}

func TestTooManyGuessesAreToldToWait(t *testing.T) {
	t.Parallel()
	clk := &clock{now: time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)}
	g := guard(t, Config{UsersFile: usersFile(t), Grants: grants}, clk)
	for range freeGuesses + 1 {
		g.guesses.wrong(clk.Now(), "user amina")
	}
	base, b := site(t, g)
	form := url.Values{"name": {"amina"}, "password": {amina}}
	if res, body := answer(t, b, "POST", base+"/auth/login", form); res.StatusCode != http.StatusTooManyRequests || res.Header.Get("Retry-After") != "6" || !strings.Contains(body, "Try again in 6 s.") {
		t.Errorf("it answers %s %s", res.Status, body)
	}
	clk.pass(firstWait)
	if res, body := answer(t, b, "POST", base+"/auth/login", form); res.StatusCode != http.StatusOK {
		t.Errorf("later it answers %s %s", res.Status, body)
	}
}

func TestUsersAreReadAnew(t *testing.T) {
	t.Parallel()
	path := usersFile(t)
	f := &userFile{path: path}
	if ok, err := f.right("amina", amina); !ok || err != nil {
		t.Fatalf("%v, %v", ok, err)
	}
	if err := os.WriteFile(path, []byte("# nobody is left\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if ok, err := f.right("amina", amina); ok || err != nil {
		t.Errorf("a user that is gone: %v, %v", ok, err)
	}
	if err := os.WriteFile(path, []byte("amina:secret-in-plain-text-x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if ok, err := f.right("amina", amina); ok || err == nil || strings.Contains(err.Error(), "secret-in") {
		t.Errorf("a file that is broken: %v, %v", ok, err)
	}
	if _, err := New(Config{UsersFile: path}, Options{}); err == nil || !strings.Contains(err.Error(), "line 1") {
		t.Errorf("a start with it: %v", err)
	}
}

func TestHash(t *testing.T) {
	t.Parallel()
	for name, password := range map[string]string{"a b": amina, "a:b": amina, "": amina, "#x": amina, "short": "elevenchars", "long": strings.Repeat("x", 73)} {
		if line, err := Hash(name, []byte(password)); err == nil {
			t.Errorf("%q got %s", name, line)
		}
	}
}

func FuzzParseUsers(f *testing.F) {
	f.Add([]byte("a:$2y$05$bvIG6Nmid91Mu9RcmmWZfO5HJIMCT8riNW0hEp8f6/FuA2/mHZFpe\n"))
	f.Add([]byte("a\n:x\n#\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		users, err := ParseUsers(text)
		if err == nil && len(users) > strings.Count(string(text), ":") {
			t.Errorf("%d users in %q", len(users), text)
		}
	})
}

func TestProxy(t *testing.T) {
	t.Parallel()
	g := guard(t, Config{Grants: grants, Proxy: &Proxy{Header: "X-Forwarded-Email", From: []netip.Prefix{
		netip.MustParsePrefix("10.0.0.0/24"), netip.MustParsePrefix("fd00::/8"),
	}}}, &clock{now: time.Now()})
	h := g.Wrap(http.HandlerFunc(served), plain)
	for _, c := range []struct {
		remote string
		header []string // of the e-mail
		more   string   // X-Forwarded-For
		status int
		want   string
	}{
		{"10.0.0.7:1234", []string{"Ruth@Riverton.gov"}, "", 200, "Ruth@Riverton.gov (Ruth@Riverton.gov) is none in clean-water, operator in roads"},
		{"[fd00::1]:1234", []string{"ruth@riverton.gov"}, "", 200, "operator in roads"},
		{"[::ffff:10.0.0.7]:1234", []string{"ruth@riverton.gov"}, "", 200, "operator in roads"},
		{"10.0.1.7:1234", []string{"ruth@riverton.gov"}, "10.0.0.7", 401, "did not say who you are"},
		{"192.0.2.1:1", []string{"ruth@riverton.gov"}, "10.0.0.7", 401, ""},
		{"10.0.0.7:1234", nil, "", 401, ""},
		{"10.0.0.7:1234", []string{" "}, "", 401, ""},
		{"10.0.0.7:1234", []string{"ruth@riverton.gov", "amina"}, "", 401, ""},
		{"10.0.0.7:1234", []string{"x@evil@riverton.gov"}, "", 200, "none in roads"},
		{"pipe", []string{"ruth@riverton.gov"}, "", 401, ""},
	} {
		r := httptest.NewRequestWithContext(t.Context(), "GET", "/p/roads", nil)
		r.RemoteAddr = c.remote
		for _, v := range c.header {
			r.Header.Add("X-Forwarded-Email", v)
		}
		if c.more != "" {
			r.Header.Set("X-Forwarded-For", c.more)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != c.status || !strings.Contains(w.Body.String(), c.want) {
			t.Errorf("%s %q: %d %s", c.remote, c.header, w.Code, w.Body)
		}
	}
}

func TestATrustedNetworkLooks(t *testing.T) {
	t.Parallel()
	base, b := site(t, guard(t, Config{TrustedNetwork: true, UsersFile: usersFile(t), Grants: grants}, &clock{now: time.Now()}))
	if _, body := answer(t, b, "GET", base+"/p/roads", nil); body != " () is viewer in clean-water, viewer in roads" {
		t.Errorf("somebody: %s", body)
	}
	answer(t, b, "POST", base+"/auth/login", url.Values{"name": {"amina"}, "password": {amina}})
	if _, body := answer(t, b, "GET", base+"/p/roads", nil); body != "amina (amina) is editor in clean-water, viewer in roads" {
		t.Errorf("amina: %s", body)
	}
}

func TestWhereALoginLeads(t *testing.T) {
	t.Parallel()
	for next, want := range map[string]string{
		"/p/x?y=1#z": "/p/x?y=1#z", "/": "/", "": "/", "//evil.example": "/", "https://evil.example": "/", "/\\evil.example": "/", "javascript:alert(1)": "/", "/a\nb": "/",
		"p/x": "/", "/auth/logout": "/", "http:/x": "/", "/%zz": "/",
	} {
		if got := local(next); got != want {
			t.Errorf("%q leads to %q; want %q", next, got, want)
		}
	}
}

func TestRoles(t *testing.T) {
	t.Parallel()
	if From(t.Context()).May("x", Viewer) || (Person{}).May("x", Viewer) || !Local().May("x", Operator) {
		t.Error("nobody may look, or whoever sits here may not do all")
	}
	for _, r := range []Role{Viewer, Editor, Operator} {
		if got, err := ParseRole(r.String()); err != nil || got != r {
			t.Errorf("%s: %s, %v", r, got, err)
		}
	}
	if _, err := ParseRole("none"); err == nil {
		t.Error("none is a role")
	}
	for pattern, ids := range map[string][2]string{
		"*": {"x", ""}, "*@riverton.gov": {"A@RIVERTON.GOV", "@riverton.gov"}, "amina@aquafund.org": {"Amina@AquaFund.org", "amina@aquafund.org.evil.example"}, "*@": {"x@", "x"},
	} {
		if !fits(pattern, ids[0]) || fits(pattern, ids[1]) {
			t.Errorf("%s: %v, %v", pattern, fits(pattern, ids[0]), fits(pattern, ids[1]))
		}
	}
}
