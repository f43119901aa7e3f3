package auth

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/alexedwards/scs/v2"
	"github.com/alexedwards/scs/v2/memstore"
)

// Config says how people are known. At least one way is set.
type Config struct {
	// TrustedNetwork lets everybody who reaches the port look at everything. Who logs in has their roles beside.
	TrustedNetwork bool
	// URL is where people reach the pages, without a slash at its end: https://lockstep.example.org. Needed for OIDC; with https, cookies
	// go over nothing else.
	URL       string
	UsersFile string // path; "" where there is none
	Proxy     *Proxy // nil where no proxy tells who asks
	OIDC      *OIDC  // nil where nobody logs in so
	Grants    []Grant
}

// Asks reports whether it is asked who somebody is, or whether the network vouches for all.
func (c *Config) Asks() bool {
	return c.TrustedNetwork || c.UsersFile != "" || c.Proxy != nil || c.OIDC != nil
}

// Proxy is a proxy that has people log in, and tells who they are.
type Proxy struct {
	Header string         // the header that holds the e-mail address or user name
	From   []netip.Prefix // the addresses from which it is believed
}

// Options is what a Guard needs beside.
type Options struct {
	Log *slog.Logger     // nil is silent
	Now func() time.Time // nil is time.Now
	// Client sends the requests to the login provider; nil is the default one.
	Client *http.Client
}

// Page is a page of the login, for whoever draws pages.
type Page struct {
	Title   string
	Text    string
	Problem string // what went wrong; "" where nothing did
	Form    bool   // it asks for name and password
	OIDC    string // address at which one logs in with the provider; "" where there is none
	Next    string // the page to go to afterwards; on a page without form and OIDC: at once
}

// Render draws a page of the login.
type Render func(w http.ResponseWriter, r *http.Request, status int, p Page)

// Guard finds out who asks.
type Guard struct {
	c        Config
	o        Options
	users    *userFile
	guesses  guesses
	sessions *scs.SessionManager
	oidc     *oidcLogin
}

const (
	// sessionLife is how long somebody stays logged in at most, and idleLife how long without a request.
	sessionLife, idleLife = 12 * time.Hour, 2 * time.Hour
	sessionID             = "id"
	sessionName           = "name"
)

// New reads the users' file once, so that what is wrong with it is said at the start. The login provider is asked when the first person
// logs in: one that is down stops nobody from starting.
func New(c Config, o Options) (*Guard, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	g := &Guard{c: c, o: o}
	if c.UsersFile != "" {
		g.users = &userFile{path: c.UsersFile}
		if _, err := g.users.hash(""); err != nil {
			return nil, err
		}
	}
	if c.OIDC != nil {
		g.oidc = newOIDC(*c.OIDC, c.URL, o)
	}
	secure := strings.HasPrefix(c.URL, "https://")
	s := scs.New()
	s.Store = memstore.NewWithCleanupInterval(0) // sessions that are over are not found any more; a restart logs everybody out
	s.Lifetime, s.IdleTimeout = sessionLife, idleLife
	s.HashTokenInStore = true
	s.Cookie = scs.SessionCookie{Name: cookieName(secure, "lockstep_session"), HttpOnly: true, Path: "/", SameSite: http.SameSiteStrictMode, Secure: secure}
	g.sessions = s
	return g, nil
}

// cookieName begins with __Host- where cookies go over https alone: no other host of the domain can then set it.
func cookieName(secure bool, name string) string {
	if secure {
		return "__Host-" + name
	}
	return name
}

// open are the paths that nobody has to log in for: they tell nothing, or say by other means who asks.
func open(path string) bool {
	return path == "/healthz" || path == "/readyz" || path == "/metrics" || strings.HasPrefix(path, "/webhooks/") || strings.HasPrefix(path, "/assets/")
}

// Wrap puts who asks into the context of each request, serves what lies under /auth/, and sends whoever is not known to the login.
func (g *Guard) Wrap(next http.Handler, render Render) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /auth/login", func(w http.ResponseWriter, r *http.Request) {
		render(w, r, http.StatusOK, g.loginPage(r.URL.Query().Get("next"), ""))
	})
	mux.HandleFunc("POST /auth/login", func(w http.ResponseWriter, r *http.Request) { g.login(w, r, render) })
	mux.HandleFunc("POST /auth/logout", func(w http.ResponseWriter, r *http.Request) { g.logout(w, r, render) })
	if g.oidc != nil {
		mux.HandleFunc("GET /auth/oidc", func(w http.ResponseWriter, r *http.Request) { g.begin(w, r, render) })
		mux.HandleFunc("GET "+callbackPath, func(w http.ResponseWriter, r *http.Request) { g.callback(w, r, render) })
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		p := g.who(r)
		if p.ID == "" && p.everywhere == None {
			g.turnAway(w, r, render)
			return
		}
		next.ServeHTTP(w, r.WithContext(With(r.Context(), p)))
	})
	logged := g.sessions.LoadAndSave(mux)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if open(r.URL.Path) {
			next.ServeHTTP(w, r)
			return
		}
		logged.ServeHTTP(w, r)
	})
}

// who is whoever asks; the zero Person where that is not known.
func (g *Guard) who(r *http.Request) Person {
	if p := g.c.Proxy; p != nil && p.believed(r.RemoteAddr) {
		if id := strings.TrimSpace(r.Header.Get(p.Header)); id != "" && len(id) <= 254 && len(r.Header.Values(p.Header)) == 1 {
			return g.trusted(person(g.c.Grants, id, id))
		}
	}
	if id := g.sessions.GetString(r.Context(), sessionID); id != "" {
		return g.trusted(person(g.c.Grants, id, g.sessions.GetString(r.Context(), sessionName)))
	}
	return g.trusted(Person{})
}

// trusted lets everybody look where the network is trusted.
func (g *Guard) trusted(p Person) Person {
	if g.c.TrustedNetwork {
		p.everywhere = max(p.everywhere, Viewer)
	}
	return p
}

// believed reports whether a request comes from the proxy itself. What it says of other addresses is not asked.
func (p *Proxy) believed(remote string) bool {
	host, _, err := net.SplitHostPort(remote)
	if err != nil {
		return false
	}
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return false
	}
	addr = addr.Unmap().WithZone("")
	return slices.ContainsFunc(p.From, func(x netip.Prefix) bool { return x.Contains(addr) })
}

// turnAway answers who is not known: a page leads to the login, all else says so.
func (g *Guard) turnAway(w http.ResponseWriter, r *http.Request, render Render) {
	if strings.HasPrefix(r.URL.Path, "/api/") || r.URL.Path == "/events" {
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(http.StatusUnauthorized)
		_ = json.NewEncoder(w).Encode(map[string]any{"title": "Unauthorized", "status": http.StatusUnauthorized, "detail": "Log in first."})
		return
	}
	if g.users == nil && g.oidc == nil {
		render(w, r, http.StatusUnauthorized, Page{Title: "Not logged in", Text: "The proxy before Lockstep did not say who you are. Open the page by the proxy’s address."})
		return
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		render(w, r, http.StatusUnauthorized, Page{Title: "Not logged in", Text: "You are not logged in any more. Log in with another tab, come back, and send it once more."})
		return
	}
	http.Redirect(w, r, "/auth/login?next="+url.QueryEscape(r.URL.RequestURI()), http.StatusSeeOther)
}

func (g *Guard) loginPage(next, problem string) Page {
	p := Page{Title: "Log in", Problem: problem, Form: g.users != nil, Next: local(next)}
	if g.oidc != nil {
		p.OIDC = "/auth/oidc?next=" + url.QueryEscape(p.Next)
	}
	return p
}

// local is a path of ours; "/" where it could lead elsewhere.
func local(next string) string {
	u, err := url.Parse(next)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || !strings.HasPrefix(next, "/") || strings.HasPrefix(next, "//") ||
		strings.ContainsAny(next, "\\\n\r\t") || strings.HasPrefix(u.Path, "/auth/") {
		return "/"
	}
	return next
}

// formLimit is how much of a form is read, in bytes.
const formLimit = 8 << 10

func (g *Guard) login(w http.ResponseWriter, r *http.Request, render Render) {
	r.Body = http.MaxBytesReader(w, r.Body, formLimit)
	name, password, next := r.PostFormValue("name"), r.PostFormValue("password"), r.PostFormValue("next")
	if g.users == nil {
		render(w, r, http.StatusNotFound, Page{Title: "There is no login by password", Next: "/auth/login"})
		return
	}
	host, _, _ := net.SplitHostPort(r.RemoteAddr)
	now := g.o.Now()
	if wait := g.guesses.wait(now, "user "+name, "from "+host); wait > 0 {
		w.Header().Set("Retry-After", fmt.Sprint(int(wait.Seconds())+1))
		render(w, r, http.StatusTooManyRequests, g.loginPage(next, fmt.Sprintf("Too many wrong passwords. Try again in %d s.", int(wait.Seconds())+1)))
		return
	}
	ok, err := g.users.right(name, password)
	if err != nil {
		g.o.Log.Error("nobody can log in", "err", err, "hint", "put the file right: it is read anew at the next login")
		render(w, r, http.StatusServiceUnavailable, g.loginPage(next, "The users cannot be read at the moment. The log says why."))
		return
	}
	if !ok {
		g.guesses.wrong(now, "user "+name, "from "+host)
		g.o.Log.Warn("wrong password", "from", host)
		render(w, r, http.StatusUnauthorized, g.loginPage(next, "Name or password is wrong."))
		return
	}
	g.guesses.forget("user " + name)
	g.enter(w, r, render, name, name, local(next))
}

// enter begins a session. A new one: what somebody else may have put into the browser before is worth nothing.
func (g *Guard) enter(w http.ResponseWriter, r *http.Request, render Render, id, name, next string) {
	if err := g.sessions.RenewToken(r.Context()); err != nil {
		g.o.Log.Error("a session could not be begun", "err", err)
		render(w, r, http.StatusInternalServerError, g.loginPage(next, "The login came to nothing. Try once more."))
		return
	}
	g.sessions.Put(r.Context(), sessionID, id)
	g.sessions.Put(r.Context(), sessionName, name)
	// A strict cookie is not sent along with a redirect that another site began: the page itself leads on.
	render(w, r, http.StatusOK, Page{Title: "Logged in", Next: next})
}

func (g *Guard) logout(w http.ResponseWriter, r *http.Request, render Render) {
	if err := g.sessions.Destroy(r.Context()); err != nil {
		g.o.Log.Error("a session could not be ended", "err", err)
	}
	render(w, r, http.StatusOK, Page{Title: "Logged out", Text: "You are logged out of Lockstep."})
}
