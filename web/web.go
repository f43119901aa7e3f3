// Package web serves the partnerships' pages, live by server-sent events, the JSON API, and what operators ask: health, readiness,
// metrics. Tasks are changed in the partners' own tools; what people decide here (a conflict, a gate, how it goes) is handed to
// the engine or put down in the history, with who decided. Everything that comes from a tool is hostile text.
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
	"github.com/lockstep-sync/lockstep/sync/view"
	"github.com/lockstep-sync/lockstep/web/api"
	"github.com/lockstep-sync/lockstep/web/auth"
)

//go:embed templates assets
var files embed.FS

// Store is what the pages need of the store beside the views.
type Store interface {
	History(ctx context.Context, partnership string, q store.Query) ([]store.Event, error)
	Cycles(ctx context.Context, partnership string, limit int) ([]store.Cycle, error)
	Record(ctx context.Context, partnership string, events []store.Event) error
	Ping(ctx context.Context) error
}

// Options is what a Server needs. Viewers and Store must be given.
type Options struct {
	Viewers []*view.Viewer // one for each partnership, in the order in which people see them
	Store   Store
	// Identify wraps all that is served, puts who asks into the context of each request (see auth.From), and has its pages drawn. Nil:
	// only this computer can ask, and whoever sits there may do everything.
	Identify func(http.Handler, auth.Render) http.Handler
	// Choose settles a conflict and waits until a cycle has done so. Nil: conflicts cannot be settled here.
	Choose  func(context.Context, Choice) error
	Metrics http.Handler     // nil: no /metrics
	Ready   func() error     // nil: ready as soon as the store can be reached
	Now     func() time.Time // nil: time.Now
	Version string
	Banner  []Link // links above the page, such as the demo's tools
	// AllowedHosts are the host names that pages may be asked for by, without port. Nil: any. A server that only its own
	// machine may reach names those of loopback here, or another site's name that leads here would open its pages.
	AllowedHosts []string
	// Webhooks are the handlers of what tools send, by source id: POST /webhooks/jira/{source}. They see to it themselves who it is
	// that sends, and how much. A source without one answers as if it did not exist.
	Webhooks map[string]http.Handler
	// Drive is the handler of what Google Drive sends: POST /webhooks/drive. Nil answers as if it did not exist.
	Drive http.Handler
}

// Choice is what somebody chose for a field about which people disagree.
type Choice = view.Choice

// Link is a link with its text.
type Link struct{ Text, URL string }

// Server is the whole of it. It is safe for many requests at once.
type Server struct {
	o      Options
	mux    http.Handler
	api    http.Handler
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
	s := &Server{o: o, live: newHub()}
	if err := s.readAssets(); err != nil {
		return nil, err
	}
	if err := s.readTemplates(); err != nil {
		return nil, err
	}
	var err error
	s.api, err = api.New(api.Options{Viewers: o.Viewers, Store: o.Store, Now: o.Now, Version: o.Version, Choose: o.Choose, Changed: s.Changed})
	if err != nil {
		return nil, fmt.Errorf("set up the API: %w", err)
	}
	s.mux = s.routes()
	return s, nil
}

func (s *Server) readAssets() error {
	s.assets = make(map[string]asset)
	for _, name := range []string{"page.js", "icon.svg"} {
		body, err := files.ReadFile("assets/" + name)
		if err != nil {
			return fmt.Errorf("read the page's assets: %w", err)
		}
		s.addAsset(name, body)
	}
	css, err := styles()
	s.addAsset("page.css", css)
	return err
}

// styles are the style sheets as one, in the order of their names.
func styles() ([]byte, error) {
	names, err := fs.Glob(files, "assets/css/*.css")
	if err != nil || len(names) == 0 {
		return nil, fmt.Errorf("find the page's style sheets: found %d: %w", len(names), err)
	}
	var css []byte
	for _, name := range names {
		body, err := files.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("read the page's style sheets: %w", err)
		}
		css = append(css, body...)
	}
	return css, nil
}

func (s *Server) addAsset(name string, body []byte) {
	mimes := map[string]string{".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
	sum := sha256.Sum256(body)
	url := "/assets/" + hex.EncodeToString(sum[:6]) + "/" + name
	s.assets[url] = asset{body, mimes[path.Ext(name)], url}
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
	names := []string{"portfolio", "problem", "login"}
	for _, p := range pages() {
		names = append(names, p.template)
	}
	for _, name := range names {
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
	mux.HandleFunc("GET /{$}", s.portfolio)
	for _, p := range pages() {
		mux.HandleFunc("GET "+p.pattern(), s.show(p))
	}
	mux.HandleFunc("POST /p/{partnership}/conflicts", s.write(auth.Editor, settle))
	mux.HandleFunc("POST /p/{partnership}/gates/{gate}", s.write(auth.Editor, decideGate))
	mux.HandleFunc("POST /p/{partnership}/updates", s.write(auth.Editor, sayHowItGoes))
	mux.HandleFunc("GET /p/{partnership}/export/{format}", s.export)
	mux.Handle(api.Prefix+"/", s.api)
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
	identify := s.o.Identify
	if identify == nil {
		identify = local
	}
	return s.secured(cross.Handler(identify(mux, s.loginPage)))
}

// local says of every request that somebody at this computer asks.
func local(next http.Handler, _ auth.Render) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r.WithContext(auth.With(r.Context(), auth.Local())))
	})
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// Changed tells every open page of the partnership to look again, and drops what was read before. It waits for nobody. A
// partnership that is not served is ignored.
func (s *Server) Changed(partnership string) {
	if w := s.find(partnership); w != nil {
		w.Changed()
		s.live.tell(partnership)
	}
}

// Close ends every event stream. It may be called more than once.
func (s *Server) Close() { s.live.close() }

// find is the viewer of a partnership; nil where it is not served.
func (s *Server) find(id string) *view.Viewer {
	for _, w := range s.o.Viewers {
		if w.Partnership().ID == id {
			return w
		}
	}
	return nil
}
