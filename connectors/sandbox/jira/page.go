package jira

import (
	"embed"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// The pages for people: a board on which they play the partner who works in Jira. They know no login, like the rest of a
// sandbox's dials, and they work without scripts.

//go:embed page.gohtml
var pageFile embed.FS

// maxCards is how many issues of a column the board shows; the rest are counted.
const maxCards = 60

// heartbeat keeps proxies from closing a quiet stream of events.
const heartbeat = 20 * time.Second

type boardPage struct {
	Project, Name string
	Product       string
	Projects      []string
	Columns       []column
	Statuses      []string
	People        []string
	Types         []string
	Total         int
	Lag           time.Duration
	Error         string
}

type column struct {
	Status, Category string
	Cards            []View
	Count, Hidden    int
}

type issuePage struct {
	View
	Statuses    []string
	Resolutions []string
	Priorities  []string
	People      []string
	History     []historyLine
	Error       string
}

type historyLine struct {
	When               time.Time
	Who, Field, Before string
	After              string
}

func (s *Server) pages(mux *http.ServeMux) {
	t := template.Must(template.New("").Funcs(template.FuncMap{
		"day":   func(t time.Time) string { return t.In(s.zone).Format("2 Jan 2006, 15:04") },
		"words": func(l []string) string { return strings.Join(l, " ") },
	}).ParseFS(pageFile, "page.gohtml"))
	show := func(w http.ResponseWriter, status int, name string, data any) {
		var b strings.Builder
		if err := t.ExecuteTemplate(&b, name, data); err != nil {
			http.Error(w, "draw the page: "+err.Error(), http.StatusInternalServerError)
			return
		}
		h := w.Header()
		h.Set("Content-Type", "text/html; charset=utf-8")
		h.Set("Cache-Control", "no-store")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; script-src 'self'; connect-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
		w.WriteHeader(status)
		_, _ = w.Write([]byte(b.String()))
	}
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		show(w, http.StatusOK, "board", s.board(r.URL.Query().Get("project"), ""))
	})
	mux.HandleFunc("GET /browse/{key}", func(w http.ResponseWriter, r *http.Request) {
		s.showIssue(w, r, show)
	})
	mux.HandleFunc("POST /sandbox/issues", func(w http.ResponseWriter, r *http.Request) {
		key, err := s.postNew(w, r)
		if err != nil {
			show(w, http.StatusUnprocessableEntity, "board", s.board("", err.Error()))
			return
		}
		http.Redirect(w, r, "/?project="+url.QueryEscape(key[:strings.LastIndexByte(key, '-')]), http.StatusSeeOther)
	})
	mux.HandleFunc("POST /sandbox/issues/{key}", func(w http.ResponseWriter, r *http.Request) {
		key := r.PathValue("key")
		back, err := s.postEdit(w, r, key)
		if err != nil {
			if p, ok := s.issuePage(key, err.Error()); ok {
				show(w, http.StatusUnprocessableEntity, "issue", p)
				return
			}
			show(w, http.StatusNotFound, "missing", key)
			return
		}
		http.Redirect(w, r, back, http.StatusSeeOther) //nolint:gosec // it is a path of our own, made of a project or an issue's key
	})
	mux.HandleFunc("POST /sandbox/issues/{key}/comments", func(w http.ResponseWriter, r *http.Request) {
		key := r.PathValue("key")
		id, err := s.postComment(w, r, key)
		if err == nil {
			http.Redirect(w, r, "/browse/"+url.PathEscape(key)+"#comment-"+id, http.StatusSeeOther) //nolint:gosec // it is a path of our own, made of an issue's key
			return
		}
		if p, ok := s.issuePage(key, err.Error()); ok {
			show(w, http.StatusUnprocessableEntity, "issue", p)
			return
		}
		show(w, http.StatusNotFound, "missing", key)
	})
	mux.HandleFunc("GET /sandbox/events", s.events)
	mux.HandleFunc("GET /sandbox/live.js", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/javascript; charset=utf-8")
		_, _ = w.Write([]byte(liveScript))
	})
	mux.HandleFunc("GET /sandbox/face.svg", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "image/svg+xml")
		_, _ = w.Write([]byte(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><circle cx="8" cy="8" r="8" fill="#6b778c"/></svg>`))
	})
}

func (s *Server) showIssue(w http.ResponseWriter, r *http.Request, show func(http.ResponseWriter, int, string, any)) {
	key := r.PathValue("key")
	p, found := s.issuePage(key, "")
	switch {
	case !found:
		show(w, http.StatusNotFound, "missing", key)
	case p.Key != key: // it has moved, or was asked for in small letters
		http.Redirect(w, r, "/browse/"+url.PathEscape(p.Key), http.StatusFound)
	default:
		show(w, http.StatusOK, "issue", p)
	}
}

func (s *Server) board(key, problem string) boardPage {
	if key == "" {
		key = s.Project()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.catalogue.projects[key]
	if p == nil {
		p = s.catalogue.projects[s.catalogue.projectKeys[0]]
	}
	page := boardPage{
		Project: p.key, Name: p.name, Product: s.product(), Projects: s.catalogue.projectKeys, People: s.people(), Lag: s.opts.IndexLag, Error: problem,
	}
	for _, t := range p.types {
		if !t.subtask { // the form has no place for the parent that one needs
			page.Types = append(page.Types, t.name)
		}
	}
	at := map[*status]int{}
	for n, st := range p.statuses {
		at[st] = n
		page.Columns = append(page.Columns, column{Status: st.name, Category: st.category.key})
		page.Statuses = append(page.Statuses, st.name)
	}
	for _, id := range slices.Backward(s.order) {
		i := s.records[id].latest()
		if i == nil || i.project != p {
			continue
		}
		n, there := at[i.status]
		if !there {
			continue
		}
		c := &page.Columns[n]
		c.Count++
		page.Total++
		if len(c.Cards) < maxCards {
			c.Cards = append(c.Cards, i.view())
		} else {
			c.Hidden++
		}
	}
	return page
}

// people lists display names for the forms; a site with very many people shows the first.
func (s *Server) people() []string {
	var out []string
	for _, u := range s.catalogue.users {
		if u != s.bot && len(out) < 200 {
			out = append(out, u.name)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func (s *Server) issuePage(key, problem string) (issuePage, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := s.find(key)
	if i == nil {
		return issuePage{}, false
	}
	p := issuePage{View: s.viewOf(i), People: s.people(), Error: problem}
	for _, st := range i.project.statuses {
		p.Statuses = append(p.Statuses, st.name)
	}
	for _, r := range s.catalogue.resolutions {
		p.Resolutions = append(p.Resolutions, r.name)
	}
	for _, r := range s.catalogue.priorities {
		p.Priorities = append(p.Priorities, r.name)
	}
	for _, e := range slices.Backward(i.history) {
		for _, c := range e.items {
			p.History = append(p.History, historyLine{e.at, displayOf(e.author), c.field, c.fromString, c.toString})
		}
	}
	return p, true
}

const maxForm = 1 << 20

func readForm(w http.ResponseWriter, r *http.Request) error {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		return fmt.Errorf("read the form: %w", err)
	}
	return nil
}

func (s *Server) postNew(w http.ResponseWriter, r *http.Request) (key string, err error) {
	if err := readForm(w, r); err != nil {
		return "", err
	}
	summary := strings.TrimSpace(r.PostForm.Get("summary"))
	due := r.PostForm.Get("duedate")
	switch {
	case summary == "":
		return "", errors.New("an issue needs a summary")
	case len([]rune(summary)) > maxSummary:
		return "", errors.New("a summary has 255 characters at most")
	case due != "" && !isDate(due):
		return "", fmt.Errorf("%q is no date like 2026-01-31", due)
	}
	return s.Add(Seed{
		Summary: strings.Join(strings.Fields(summary), " "), Status: r.PostForm.Get("status"), Type: r.PostForm.Get("type"),
		Assignee: strings.TrimSpace(r.PostForm.Get("assignee")), Due: due,
	}), nil
}

// postEdit carries out a form of the board or of an issue's page and says where to go next. Fields that a form does not
// have are left as they are.
func (s *Server) postEdit(w http.ResponseWriter, r *http.Request, key string) (back string, err error) {
	if err := readForm(w, r); err != nil {
		return "", err
	}
	before, found := s.Issue(key)
	if !found {
		return "", fmt.Errorf("no issue %s", key)
	}
	home := "/?project=" + url.QueryEscape(before.Project)
	if r.PostForm.Get("action") == "delete" {
		return home, s.Delete(key)
	}
	fields := map[string]any{}
	for _, name := range []string{"summary", "description", "duedate", "assignee", "priority", "status", "resolution", "labels"} {
		if !r.PostForm.Has(name) {
			continue
		}
		fields[name] = strings.TrimSpace(r.PostForm.Get(name))
	}
	if text, told := fields["summary"].(string); told && len([]rune(text)) > maxSummary {
		return "", errors.New("a summary has 255 characters at most")
	}
	// The whole form comes back, also what nobody touched: a resolution counts only where it was changed, or the old one
	// would follow an issue that is opened again.
	if fields["resolution"] == before.Resolution || fields["resolution"] == "" {
		delete(fields, "resolution")
	}
	if fields["status"] == before.Status {
		delete(fields, "status")
	}
	if text, told := fields["description"].(string); told && strings.ReplaceAll(text, "\r\n", "\n") == strings.TrimSpace(strings.ReplaceAll(before.Description, "\r\n", "\n")) {
		delete(fields, "description")
	}
	if fields["summary"] == strings.TrimSpace(before.Summary) {
		delete(fields, "summary")
	}
	if err := s.Set(key, fields); err != nil {
		return "", err
	}
	if r.PostForm.Get("back") == "issue" {
		return "/browse/" + url.PathEscape(before.Key), nil
	}
	return home, nil
}

// postComment carries out the form below an issue's comments and returns the comment's id.
func (s *Server) postComment(w http.ResponseWriter, r *http.Request, key string) (id string, err error) {
	if err := readForm(w, r); err != nil {
		return "", err
	}
	text := strings.ReplaceAll(r.PostForm.Get("text"), "\r\n", "\n")
	return s.AddComment(key, strings.TrimSpace(r.PostForm.Get("author")), text)
}

// events tells a page that something changed, as server-sent events, until the page goes away.
func (s *Server) events(w http.ResponseWriter, r *http.Request) {
	out := http.NewResponseController(w)
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	ring := make(chan struct{}, 1)
	s.mu.Lock()
	s.live[ring] = struct{}{}
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.live, ring)
	}()
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	line := "retry: 1000\n\n"
	for {
		if _, err := w.Write([]byte(line)); err != nil {
			return
		}
		if err := out.Flush(); err != nil {
			return
		}
		select {
		case <-r.Context().Done():
			return
		case <-beat.C:
			line = ": still here\n\n"
		case <-ring:
			line = "event: changed\ndata: {}\n\n"
		}
	}
}

// liveScript draws the page again when something changed, unless somebody is typing into it.
const liveScript = `"use strict";
const busy = () => {
  const e = document.activeElement;
  return document.querySelector("details[open] form, form[data-dirty]") || (e && e.closest && e.closest("form"));
};
document.addEventListener("input", (e) => { const f = e.target.closest("form"); if (f) f.dataset.dirty = "1"; });
document.addEventListener("change", (e) => { if (e.target.matches("select[data-now]")) e.target.form.requestSubmit(); });
let waiting = false;
const draw = async () => {
  if (busy()) { waiting = true; document.body.dataset.stale = "1"; return; }
  waiting = false;
  delete document.body.dataset.stale;
  const r = await fetch(location.href);
  const next = new DOMParser().parseFromString(await r.text(), "text/html").querySelector("main");
  if (next && !busy()) document.querySelector("main").replaceWith(next);
};
document.addEventListener("focusout", () => { if (waiting) setTimeout(draw, 200); });
const stream = new EventSource("/sandbox/events");
stream.addEventListener("open", draw); // what changed before the stream stood, or while it was down
stream.addEventListener("changed", draw);
`
