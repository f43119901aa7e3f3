package web

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/lockstep-sync/lockstep/sync/export"
	"github.com/lockstep-sync/lockstep/sync/store"
	"github.com/lockstep-sync/lockstep/sync/task"
	"github.com/lockstep-sync/lockstep/sync/view"
	"github.com/lockstep-sync/lockstep/web/auth"
)

// page is one page of a partnership.
type page struct {
	path     string // under the partnership's address: "board"; "" is its first page
	template string
	nav      string // its name in the navigation; "" where it has no place there
	past     bool   // it can show a past day
	body     func(*request) (any, error)
}

// pages are all pages of a partnership, in the order of the navigation.
func pages() []page {
	return []page{
		{"", "overview", "Overview", true, overviewPage},
		{"tasks", "tasks", "Tasks", true, tasksPage},
		{"board", "board", "Board", true, boardPage},
		{"timeline", "timeline", "Timeline", true, timelinePage},
		{"accountability", "accountability", "Accountability", true, accountabilityPage},
		{"burnup", "burnup", "Burn-up", true, burnupPage},
		{"activity", "activity", "Activity", false, activityPage},
		{"conflicts", "conflicts", "Conflicts", true, conflictsPage},
		{"gates", "gates", "Gates", true, gatesPage},
		{"updates", "updates", "Updates", false, updatesPage},
		{"digest", "digest", "Digest", false, digestPage},
		{"data", "data", "Data", false, dataPage},
		{"cycles", "cycles", "Cycles", false, cyclesPage},
		{"cycles/{cycle}", "cycle", "", false, cyclePage},
		{"t/{task}", "task", "", false, taskPage},
	}
}

func (p page) pattern() string {
	if p.path == "" {
		return "/p/{partnership}"
	}
	return "/p/{partnership}/" + p.path
}

// request is one request for a page of a partnership.
type request struct {
	*teller
	*http.Request

	server *Server
	viewer *view.Viewer
	person auth.Person
	title  string // of the page; "" is the page's name in the navigation
}

// may reports whether whoever asks has at least a role in the partnership.
func (r *request) may(role auth.Role) bool { return r.person.May(r.Partnership.ID, role) }

// history reads events.
func (r *request) history(q store.Query) ([]store.Event, error) {
	es, err := r.server.o.Store.History(r.Context(), r.Partnership.ID, q)
	if err != nil {
		return nil, fmt.Errorf("read the history of %s: %w", r.Partnership.ID, err)
	}
	return es, nil
}

// cycles reads the newest cycles, newest first.
func (r *request) cycles(limit int) ([]store.Cycle, error) {
	cs, err := r.server.o.Store.Cycles(r.Context(), r.Partnership.ID, limit)
	if err != nil {
		return nil, fmt.Errorf("read the cycles of %s: %w", r.Partnership.ID, err)
	}
	return cs, nil
}

// refusal is an error that the reader is told, with the status of the answer.
type refusal struct {
	status int
	text   string
}

func (e *refusal) Error() string { return e.text }

func missing(text string) error { return &refusal{http.StatusNotFound, text} }

// show serves one page of a partnership.
func (s *Server) show(p page) http.HandlerFunc {
	return func(w http.ResponseWriter, hr *http.Request) {
		viewer, err := s.admitted(hr, auth.Viewer)
		if err != nil {
			s.fail(w, hr, err)
			return
		}
		v, day, err := shown(hr.Context(), viewer, p, hr.URL.Query())
		if err != nil {
			s.fail(w, hr, err)
			return
		}
		r := &request{teller: newTeller(v), Request: hr, server: s, viewer: viewer, person: auth.From(hr.Context()), title: p.nav}
		if v.Past {
			r.query = "?as_of=" + day
		}
		body, err := p.body(r)
		if err != nil {
			s.fail(w, hr, err)
			return
		}
		s.render(w, hr, http.StatusOK, p.template, s.shell(r, p, day, body))
	}
}

// admitted finds the partnership that is asked for, where whoever asks has at least a role there. Who has none is told the same as of
// one that does not exist.
func (s *Server) admitted(r *http.Request, role auth.Role) (*view.Viewer, error) {
	id := r.PathValue("partnership")
	viewer := s.find(id)
	person := auth.From(r.Context())
	if viewer == nil || !person.May(id, auth.Viewer) {
		return nil, missing("There is no partnership of that name.")
	}
	if !person.May(id, role) {
		return nil, &refusal{http.StatusForbidden, "You may look at this partnership, and not do this. Ask whoever runs Lockstep to make you its " + role.String() + "."}
	}
	return viewer, nil
}

// shown is the partnership as it is, or as it was on the day that ?as_of= names.
func shown(ctx context.Context, w *view.Viewer, p page, q url.Values) (v *view.View, day string, err error) {
	day = q.Get("as_of")
	if !p.past || day == "" {
		v, err = w.Now(ctx)
		return v, "", err
	}
	date, err := task.Parse(task.Date, day)
	if err != nil {
		return nil, "", &refusal{http.StatusBadRequest, "as_of is to be a day, such as 2026-10-01."}
	}
	v, err = w.OnDay(ctx, date)
	return v, date.String(), err
}

// fail answers what went wrong.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error) {
	if e, ok := errors.AsType[*refusal](err); ok {
		s.problem(w, r, e.status, e.text)
		return
	}
	s.unreadable(w, r)
}

// formLimit is how much of a form is read, in bytes.
const formLimit = 64 << 10

// write serves a form of a partnership's page that somebody of at least a role sends. It answers with the page that do names: a reload
// of that sends nothing again.
func (s *Server) write(role auth.Role, do func(*request) (to string, err error)) http.HandlerFunc {
	return func(w http.ResponseWriter, hr *http.Request) {
		viewer, err := s.admitted(hr, role)
		if err != nil {
			s.fail(w, hr, err)
			return
		}
		hr.Body = http.MaxBytesReader(w, hr.Body, formLimit)
		if err := hr.ParseForm(); err != nil {
			s.fail(w, hr, &refusal{http.StatusBadRequest, "The form cannot be read. Go back, load the page again, and try once more."})
			return
		}
		v, err := viewer.Now(hr.Context())
		if err != nil {
			s.fail(w, hr, err)
			return
		}
		to, err := do(&request{teller: newTeller(v), Request: hr, server: s, viewer: viewer, person: auth.From(hr.Context())})
		if err != nil {
			s.fail(w, hr, err)
			return
		}
		http.Redirect(w, hr, to, http.StatusSeeOther)
	}
}

// record puts down in the history what somebody decided on a page, and shows it on every open page.
func (r *request) record(e store.Event) error {
	if err := r.server.o.Store.Record(r.Context(), r.Partnership.ID, []store.Event{e}); err != nil {
		return fmt.Errorf("record what was decided: %w", err)
	}
	r.server.Changed(r.Partnership.ID)
	return nil
}

// shell is what every page has around its content.
type shell struct {
	Title       string
	Version     string
	Banner      []Link
	Metrics     bool
	Person      auth.Person
	Partnership *view.Partnership // nil where the page is about none
	Nav         []navLink
	AsOf        asOf
	Refresh     string // where the page leads by itself; "" nearly always
	Body        any
}

// navLink is one page in the navigation.
type navLink struct {
	Name, URL string
	Here      bool
	Count     int // how many things wait there
}

// asOf says which day a page shows, and leads to others.
type asOf struct {
	Can    bool // this page can show a past day
	Past   bool
	Day    string // the day that is shown: 2026-10-01
	Words  string // "Thursday 1 October 2026"
	Today  string // 2026-11-26
	Action string // the page's address
	Now    string // of the page as it is now
	Files  []Link // all of it, of the day that is shown, as files
}

func (s *Server) shell(r *request, p page, day string, body any) shell {
	out := shell{Title: r.title, Partnership: r.Partnership, Person: r.person, Body: body}
	if r.title == "" || p.path == "" {
		out.Title = r.Partnership.Name
	} else if p.nav != "" {
		out.Title = r.title + ": " + r.Partnership.Name
	}
	for _, x := range pages() {
		if x.nav == "" {
			continue
		}
		l := navLink{Name: x.nav, URL: "/p/" + r.Partnership.ID, Here: x.path == p.path}
		if x.path != "" {
			l.URL += "/" + x.path
		}
		if x.past {
			l.URL += r.query
		}
		if x.path == "conflicts" {
			l.Count = len(r.State.Conflicts)
		}
		out.Nav = append(out.Nav, l)
	}
	out.AsOf = asOf{
		Can: p.past, Past: r.Past, Day: day, Words: r.Now.Format("Monday 2 January 2006"),
		Today: r.server.o.Now().In(r.Partnership.Timezone).Format(time.DateOnly), Action: r.URL.Path, Now: r.URL.Path,
	}
	for _, f := range export.Formats() {
		out.AsOf.Files = append(out.AsOf.Files, Link{fileWord(f), r.at("export/" + f.Extension())})
	}
	return out
}

func (s *Server) render(w http.ResponseWriter, r *http.Request, status int, name string, sh shell) {
	var b bytes.Buffer
	b.Grow(64 << 10)
	sh.Title, sh.Version, sh.Banner, sh.Metrics = clip(sh.Title, clipped), s.o.Version, s.banner(), s.o.Metrics != nil
	err := s.pages[name].Execute(&b, sh)
	switch {
	case err == nil:
	case name == "problem": // there is no prettier way left to say it
		http.Error(w, "The page could not be made.", http.StatusInternalServerError)
		return
	default:
		s.problem(w, r, http.StatusInternalServerError, "The page could not be made. That is a fault of Lockstep, and nothing is lost by it.")
		return
	}
	out := disarm(b.Bytes())
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(len(out)))
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(out) // the reader is gone if this fails
	}
}

// banner leaves out what does not lead to a page.
func (s *Server) banner() []Link {
	var out []Link
	for _, l := range s.o.Banner {
		if u := safeURL(l.URL); u != "" {
			out = append(out, Link{l.Text, u})
		}
	}
	return out
}

// loginPage draws a page of the login.
func (s *Server) loginPage(w http.ResponseWriter, r *http.Request, status int, p auth.Page) {
	sh := shell{Title: p.Title, Body: p}
	if !p.Form && p.OIDC == "" && p.Problem == "" && p.Text == "" {
		sh.Refresh = p.Next
	}
	s.render(w, r, status, "login", sh)
}

type problemBody struct {
	Status int
	Text   string
}

func (s *Server) problem(w http.ResponseWriter, r *http.Request, status int, text string) {
	s.render(w, r, status, "problem", shell{Title: http.StatusText(status), Person: auth.From(r.Context()), Body: problemBody{status, text}})
}

// unreadable answers when the store cannot be read. What the database says stays out of the page.
func (s *Server) unreadable(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Retry-After", "5")
	s.problem(w, r, http.StatusServiceUnavailable, "The database cannot be read at the moment. The log says why; /readyz tells when it is back.")
}

// elsewhere answers what no page is for.
func (s *Server) elsewhere(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		s.problem(w, r, http.StatusMethodNotAllowed, "Pages can only be read. Tasks are changed in the partners’ own tools.")
		return
	}
	if at := strings.TrimRight(r.URL.Path, "/"); strings.HasPrefix(at, "/p/") && at != r.URL.Path { // as people type it
		http.Redirect(w, r, (&url.URL{Path: at, RawQuery: r.URL.RawQuery}).String(), http.StatusMovedPermanently)
		return
	}
	s.problem(w, r, http.StatusNotFound, "There is nothing at this address.")
}

func (s *Server) asset(w http.ResponseWriter, r *http.Request) {
	a, ok := s.assets[r.URL.Path]
	if !ok {
		s.problem(w, r, http.StatusNotFound, "There is nothing at this address.")
		return
	}
	w.Header().Set("Content-Type", a.mime)
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	_, _ = w.Write(a.body) // the reader is gone if this fails
}
