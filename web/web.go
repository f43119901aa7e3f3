// Package web serves the partnership's page, live by server-sent events, a small JSON API, and what operators ask: health,
// readiness, metrics. It only reads. Everything that comes from a tool is hostile text.
package web

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"time"

	"github.com/lockstep-sync/lockstep/sync/store"
)

//go:embed templates assets
var files embed.FS

// Reader is what the page needs of the store.
type Reader interface {
	Load(ctx context.Context, partnership string) (store.State, error)
	History(ctx context.Context, partnership string, q store.Query) ([]store.Event, error)
	Cycles(ctx context.Context, partnership string, limit int) ([]store.Cycle, error)
	Ping(ctx context.Context) error
}

// Options is what a Server needs. Partnerships and Store must be given.
type Options struct {
	Partnerships []Partnership
	Store        Reader
	Metrics      http.Handler     // nil: no /metrics
	Ready        func() error     // nil: ready as soon as the store can be reached
	Now          func() time.Time // nil: time.Now
	Version      string
	Banner       []Link // links above the page, such as the demo's tools
}

// Partnership is what the configuration says of one, as far as people see it.
type Partnership struct {
	ID, Name, Key string
	Timezone      *time.Location // nil: UTC
	Partners      []Partner
	Sources       []Source // the scorecard among them
	Scorecard     string   // its source id
	ScorecardURL  string
}

// Partner is one organisation.
type Partner struct{ ID, Name, Sector string }

// Source is one tool.
type Source struct {
	ID, Kind, Partner, Name, URL string
	Interval                     time.Duration
}

// Link is a link with its text.
type Link struct{ Text, URL string }

// Server is the whole of it. It is safe for many requests at once.
type Server struct {
	o      Options
	mux    http.Handler
	pages  map[string]*template.Template
	assets map[string]asset
	live   *hub
}

type asset struct {
	body []byte
	mime string
	url  string
}

// New reads templates and assets and returns the Server. The caller closes it.
func New(o Options) (*Server, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	for i := range o.Partnerships {
		if o.Partnerships[i].Timezone == nil {
			o.Partnerships[i].Timezone = time.UTC
		}
	}
	s := &Server{o: o, live: newHub()}
	if err := s.readAssets(); err != nil {
		return nil, err
	}
	if err := s.readTemplates(); err != nil {
		return nil, err
	}
	s.mux = s.routes()
	return s, nil
}

func (s *Server) readAssets() error {
	s.assets = make(map[string]asset)
	entries, err := fs.ReadDir(files, "assets")
	if err != nil {
		return fmt.Errorf("read the page's assets: %w", err)
	}
	mimes := map[string]string{".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
	for _, e := range entries {
		body, err := files.ReadFile("assets/" + e.Name())
		if err != nil {
			return fmt.Errorf("read the page's assets: %w", err)
		}
		sum := sha256.Sum256(body)
		url := "/assets/" + hex.EncodeToString(sum[:6]) + "/" + e.Name()
		s.assets[url] = asset{body, mimes[path.Ext(e.Name())], url}
	}
	return nil
}

// assetURL is an asset's address, which changes with its contents, so that it may be cached for good.
func (s *Server) assetURL(name string) (string, error) {
	for url := range s.assets {
		if strings.HasSuffix(url, "/"+name) {
			return url, nil
		}
	}
	return "", fmt.Errorf("the page has no asset %q", name)
}

func (s *Server) readTemplates() error {
	s.pages = make(map[string]*template.Template)
	funcs := template.FuncMap{"asset": s.assetURL, "safeURL": safeURL}
	for _, name := range []string{"home", "partnership", "task", "problem"} {
		t, err := template.New("layout.html").Funcs(funcs).ParseFS(files, "templates/layout.html", "templates/parts.html", "templates/"+name+".html")
		if err != nil {
			return fmt.Errorf("read the page's templates: %w", err)
		}
		s.pages[name] = t
	}
	return nil
}

func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.home)
	mux.HandleFunc("GET /p/{partnership}", s.partnership)
	mux.HandleFunc("GET /p/{partnership}/t/{task}", s.task)
	mux.HandleFunc("GET /api/v1/partnerships/{partnership}/tasks", s.apiTasks)
	mux.HandleFunc("GET /events", s.events)
	mux.HandleFunc("GET /assets/", s.asset)
	mux.HandleFunc("GET /healthz", s.healthz)
	mux.HandleFunc("GET /readyz", s.readyz)
	if s.o.Metrics != nil {
		mux.Handle("GET /metrics", s.o.Metrics)
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			s.problem(w, r, http.StatusMethodNotAllowed, "This page can only be read.")
			return
		}
		s.problem(w, r, http.StatusNotFound, "There is nothing at this address.")
	})
	return http.NewCrossOriginProtection().Handler(secured(mux))
}

// secured sets the headers that keep a page from being used against its reader.
func secured(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; "+
			"base-uri 'none'; frame-ancestors 'none'; form-action 'self'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// Changed tells every open page of the partnership to look again. It never blocks.
func (s *Server) Changed(partnership string) { s.live.tell(partnership) }

// Close ends every event stream. It may be called more than once.
func (s *Server) Close() { s.live.close() }

func (s *Server) find(id string) (Partnership, bool) {
	for _, p := range s.o.Partnerships {
		if p.ID == id {
			return p, true
		}
	}
	return Partnership{}, false
}

// safeURL lets through what leads to a page, and nothing that could run.
func safeURL(u string) string {
	if strings.HasPrefix(u, "https://") || strings.HasPrefix(u, "http://") {
		return u
	}
	return ""
}
