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
	"slices"
	"strings"
	"time"

	"github.com/lockstep-sync/lockstep/sync/store"
	"github.com/lockstep-sync/lockstep/sync/task"
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
	// AllowedHosts are the host names that pages may be asked for by, without port. Nil: any. A server that only its own
	// machine may reach names those of loopback here, or another site's name that leads here would open its pages.
	AllowedHosts []string
	// Webhooks are the handlers of what tools send, by source id: POST /webhooks/jira/{source}. They see to it themselves who it is
	// that sends, and how much. A source without one answers as if it did not exist.
	Webhooks map[string]http.Handler
	// Drive is the handler of what Google Drive sends: POST /webhooks/drive. Nil answers as if it did not exist.
	Drive http.Handler
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
	ID       string
	Kind     string // "jira", "sheet"
	Partner  string // its owner's id; "" for the scorecard
	Name     string // "" or the id: named after its owner, "AquaFund’s Jira"
	URL      string
	Interval time.Duration // how often it is read
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
	recent map[string]*recent // by partnership
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
	o.Partnerships = slices.Clone(o.Partnerships)
	s := &Server{live: newHub(), recent: make(map[string]*recent)}
	for i, p := range o.Partnerships {
		if p.Timezone == nil {
			p.Timezone = time.UTC
		}
		o.Partnerships[i] = named(p)
		s.recent[p.ID] = &recent{rows: make(map[task.ID]madeRow)}
	}
	s.o = o
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
	funcs := template.FuncMap{"asset": s.assetURL}
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
	mux.HandleFunc(webhookPattern, s.webhook)
	mux.HandleFunc(DrivePath, s.notice)
	mux.HandleFunc("/", s.elsewhere)
	cross := http.NewCrossOriginProtection()
	// A signature or a token says who sends, where a page has only a browser's word.
	cross.AddInsecureBypassPattern(webhookPattern)
	cross.AddInsecureBypassPattern(DrivePath)
	cross.SetDenyHandler(http.HandlerFunc(s.foreign))
	return s.secured(cross.Handler(mux))
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// Changed tells every open page of the partnership to look again, and drops what was read before. It waits for nobody. A
// partnership that is not served is ignored.
func (s *Server) Changed(partnership string) {
	if m, ok := s.recent[partnership]; ok {
		m.changes.Add(1)
		s.live.tell(partnership)
	}
}

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
