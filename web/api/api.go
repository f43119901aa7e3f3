// Package api serves the JSON API under /api/v1: all that the pages show, and what people may decide there. Its description in the
// form of OpenAPI is made from the code, at /api/v1/openapi.json.
//
// Figures are those of package scorecard. Answers carry an ETag that changes with their content; If-None-Match saves the rest. Errors are
// problem documents as in RFC 9457.
package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/lockstep-sync/lockstep/sync/store"
	"github.com/lockstep-sync/lockstep/sync/task"
	"github.com/lockstep-sync/lockstep/sync/view"
	"github.com/lockstep-sync/lockstep/web/auth"
)

// Prefix is where the API is served.
const Prefix = "/api/v1"

// Store is what the API needs of the store beside the views.
type Store interface {
	History(ctx context.Context, partnership string, q store.Query) ([]store.Event, error)
	Cycles(ctx context.Context, partnership string, limit int) ([]store.Cycle, error)
	Record(ctx context.Context, partnership string, events []store.Event) error
}

// Options is what the API needs. Viewers, Store and Now must be given.
type Options struct {
	Viewers []*view.Viewer
	Store   Store
	Now     func() time.Time
	Version string
	// Choose settles a conflict and waits until a cycle has done so. Nil: conflicts cannot be settled here.
	Choose func(context.Context, view.Choice) error
	// Changed is told the partnership about which something was recorded; nil tells nobody.
	Changed func(partnership string)
}

// server answers the requests.
type server struct{ o Options }

// New returns the handler of all paths under Prefix.
func New(o Options) (http.Handler, error) {
	mux := http.NewServeMux()
	config := huma.Config{
		OpenAPI: &huma.OpenAPI{
			OpenAPI: "3.1.0",
			Info: &huma.Info{
				Title: "Lockstep", Version: o.Version,
				Description: "The partnership view as data. Who may do what is said in the guide to access; a partnership that one may not see does not exist.",
			},
			Servers:    []*huma.Server{{URL: Prefix}},
			Components: &huma.Components{Schemas: schemas()},
		},
		Formats: huma.DefaultFormats, DefaultFormat: "application/json",
		RejectUnknownQueryParameters: true,
	}
	s := &server{o}
	h := humago.NewWithPrefix(mux, Prefix, config)
	s.register(h)
	spec, err := json.Marshal(h.OpenAPI())
	if err != nil {
		return nil, fmt.Errorf("describe the API: %w", err)
	}
	mux.HandleFunc("GET "+Prefix+"/openapi.json", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/openapi+json")
		_, _ = w.Write(spec) // the reader is gone if this fails
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		problem(w, http.StatusNotFound, "There is nothing at "+r.Method+" "+r.URL.Path+": see "+Prefix+"/openapi.json.")
	})
	return tagged(mux), nil
}

// problem answers without huma, where no operation fits.
func problem(w http.ResponseWriter, status int, detail string) {
	body, err := json.Marshal(huma.ErrorModel{Title: http.StatusText(status), Status: status, Detail: detail})
	if err != nil {
		body = []byte("{}")
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	_, _ = w.Write(body) // the reader is gone if this fails
}

// viewer finds a partnership that whoever asks has at least a role in.
func (s *server) viewer(ctx context.Context, partnership string, role auth.Role) (*view.Viewer, error) {
	person := auth.From(ctx)
	for _, w := range s.o.Viewers {
		if w.Partnership().ID != partnership || !person.May(partnership, auth.Viewer) {
			continue
		}
		if !person.May(partnership, role) {
			return nil, huma.Error403Forbidden("This takes the role " + role.String() + " in the partnership.")
		}
		return w, nil
	}
	return nil, huma.Error404NotFound("There is no partnership of that name.")
}

// look is the partnership as it is, or as it was on a day; day is "" or 2026-10-01.
func (s *server) look(ctx context.Context, partnership, day string) (*view.View, error) {
	w, err := s.viewer(ctx, partnership, auth.Viewer)
	if err != nil {
		return nil, err
	}
	if day == "" {
		v, err := w.Now(ctx)
		return v, unread(err)
	}
	date, err := task.Parse(task.Date, day)
	if err != nil || date.IsEmpty() {
		return nil, huma.Error422UnprocessableEntity("as_of is to be a day, such as 2026-10-01")
	}
	v, err := w.OnDay(ctx, date)
	return v, unread(err)
}

// unread is what is said where the database cannot be read. What the database says stays out of the answer.
func unread(err error) error {
	if err == nil {
		return nil
	}
	return huma.ErrorWithHeaders(huma.Error503ServiceUnavailable("The database cannot be read at the moment. The log says why."),
		http.Header{"Retry-After": {"5"}})
}

// tagged gives every answer to a GET an ETag of its content.
func tagged(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			next.ServeHTTP(w, r)
			return
		}
		k := &kept{header: w.Header(), status: http.StatusOK}
		next.ServeHTTP(k, r)
		if k.status == http.StatusOK {
			sum := sha256.Sum256(k.body.Bytes())
			tag := fmt.Sprintf(`"%x"`, sum[:12])
			w.Header().Set("ETag", tag)
			w.Header().Set("Cache-Control", "no-cache")
			if knows(r.Header.Values("If-None-Match"), tag) {
				w.Header().Del("Content-Type")
				w.WriteHeader(http.StatusNotModified)
				return
			}
		}
		w.WriteHeader(k.status)
		if r.Method != http.MethodHead {
			_, _ = w.Write(k.body.Bytes()) // the reader is gone if this fails
		}
	})
}

// kept is an answer that is kept until its tag is known.
type kept struct {
	header http.Header
	body   bytes.Buffer
	status int
}

func (k *kept) Header() http.Header { return k.header }

func (k *kept) WriteHeader(status int) { k.status = status }

func (k *kept) Write(b []byte) (int, error) { return k.body.Write(b) }

// knows reports whether If-None-Match lists the tag, weak or not, or every tag.
func knows(lines []string, tag string) bool {
	for _, line := range lines {
		for t := range strings.SplitSeq(line, ",") {
			if t = strings.TrimPrefix(strings.TrimSpace(t), "W/"); t == tag || t == "*" {
				return true
			}
		}
	}
	return false
}

// errNoChoosing is why a conflict cannot be settled here.
var errNoChoosing = errors.New("conflicts cannot be settled through this server")
