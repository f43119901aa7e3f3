package transport

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/lockstep-sync/lockstep/sync/fault"
	"github.com/lockstep-sync/lockstep/sync/task"
)

const secret = "s3cr3t/t+ken=\"x\""

// fast are options under which a test need not wait for pauses.
func fast() Options {
	return Options{
		Source: "src", InlineWait: time.Millisecond, Secrets: []string{secret},
		Authorize: func(r *http.Request) { r.SetBasicAuth("bot@example.org", secret) },
	}
}

func serve(t *testing.T, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	s := httptest.NewUnstartedServer(h)
	s.Config.ErrorLog = nil
	s.Start()
	t.Cleanup(s.Close)
	return s
}

func send(ctx context.Context, t *testing.T, c *http.Client, method, url, body string) (*http.Response, []byte, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := c.Do(req)
	if err != nil {
		return nil, nil, err
	}
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("read a body that was buffered: %v", err)
	}
	if err := resp.Body.Close(); err != nil {
		t.Fatal(err)
	}
	return resp, b, nil
}

func TestWhatIsSentAgain(t *testing.T) {
	t.Parallel()
	cut := func(http.ResponseWriter) { panic(http.ErrAbortHandler) }
	half := func(w http.ResponseWriter) {
		w.Header().Set("Content-Length", "100")
		_, _ = io.WriteString(w, "half")
		panic(http.ErrAbortHandler)
	}
	status := func(code int, header ...string) func(http.ResponseWriter) {
		return func(w http.ResponseWriter) {
			for i := 0; i+1 < len(header); i += 2 {
				w.Header().Set(header[i], header[i+1])
			}
			w.WriteHeader(code)
		}
	}
	for _, tc := range []struct {
		name   string
		method string
		mark   bool
		answer func(http.ResponseWriter)
		want   int // requests that reach the server
	}{
		{"GET after 503", "GET", false, status(503), 4},
		{"GET after 500", "GET", false, status(500), 4},
		{"GET after a cut", "GET", false, cut, 4},
		{"GET after half a body", "GET", false, half, 4},
		{"GET after 501", "GET", false, status(501), 1},
		{"GET after 404", "GET", false, status(404), 1},
		{"GET after 429", "GET", false, status(429), 4},
		{"GET after 429 with a long pause", "GET", false, status(429, "Retry-After", "3600"), 1},
		{"GET after 503 with a long pause", "GET", false, status(503, "Retry-After", "3600"), 1},
		{"POST after 429", "POST", false, status(429), 4},
		{"POST after 429 with a long pause", "POST", false, status(429, "Retry-After", "60"), 1},
		{"POST after 503", "POST", false, status(503), 1},
		{"POST after 503 with Retry-After 0", "POST", false, status(503, "Retry-After", "0"), 1},
		{"POST after a cut", "POST", false, cut, 1},
		{"POST after half a body", "POST", false, half, 1},
		{"PUT after 502", "PUT", false, status(502), 1},
		{"POST after a redirect", "POST", false, status(307, "Location", "/elsewhere"), 1},
		{"marked POST after 503", "POST", true, status(503), 4},
		{"marked POST after a cut", "POST", true, cut, 4},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			var n atomic.Int32
			s := serve(t, func(w http.ResponseWriter, r *http.Request) {
				n.Add(1)
				if b, _ := io.ReadAll(r.Body); string(b) != "body" {
					t.Errorf("attempt %d came with body %q", n.Load(), b)
				}
				if _, p, _ := r.BasicAuth(); p != secret {
					t.Errorf("attempt %d came without the credential", n.Load())
				}
				tc.answer(w)
			})
			ctx := t.Context()
			if tc.mark {
				ctx = Idempotent(ctx)
			}
			_, _, _ = send(ctx, t, NewClient(fast()), tc.method, s.URL, "body")
			if got := int(n.Load()); got != tc.want {
				t.Errorf("%d requests reached the server, want %d", got, tc.want)
			}
		})
	}
}

// An unmarked POST reaches a server that may act on it once at the most, whatever goes wrong; only a 429 says that it did not.
func TestUnmarkedPostIsHandledAtMostOnce(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var script []int
	var handled int
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		what := 200
		if len(script) > 0 {
			what, script = script[0], script[1:]
		}
		if what != 429 {
			handled++
		}
		mu.Unlock()
		switch what {
		case 0:
			panic(http.ErrAbortHandler)
		case 1:
			w.Header().Set("Content-Length", "9")
			_, _ = io.WriteString(w, "{")
			panic(http.ErrAbortHandler)
		case 2: // a connection that closes after a whole answer, so that the next finds it dead
			w.Header().Set("Connection", "close")
			w.WriteHeader(http.StatusOK)
		default:
			w.WriteHeader(what)
		}
	})
	c := NewClient(fast())
	rapid.Check(t, func(rt *rapid.T) {
		order := rapid.SliceOfN(rapid.SampledFrom([]int{0, 1, 2, 200, 201, 307, 400, 408, 429, 500, 502, 503, 504, 599}), 1, 6).Draw(rt, "answers")
		mu.Lock()
		script, handled = order, 0
		mu.Unlock()
		_, _, err := send(t.Context(), t, c, http.MethodPost, s.URL, "x")
		mu.Lock()
		defer mu.Unlock()
		if handled > 1 {
			rt.Fatalf("handled %d times", handled)
		}
		if err != nil {
			if _, uncertain := FromError("post", err); handled == 1 && !uncertain {
				rt.Fatalf("it was handled, yet %v says that it cannot have landed", err)
			}
		}
	})
}

func TestUnsentIsNotUncertain(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := "http://" + l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	_, _, err = send(t.Context(), t, NewClient(fast()), http.MethodPost, addr, "x")
	if err == nil {
		t.Fatal("nothing listens there, yet there was no error")
	}
	f, uncertain := FromError("create issue", err)
	if uncertain || f.Kind != fault.Retryable || f.Reason != fault.Unavailable || f.Op != "create issue" || f.Source != "src" {
		t.Errorf("got %+v, uncertain %v", f, uncertain)
	}

	// A base that tells nothing of its connections proves nothing.
	o := fast()
	o.Base = roundTrip(func(*http.Request) (*http.Response, error) { return nil, errors.New("broken " + secret) })
	_, _, err = send(t.Context(), t, NewClient(o), http.MethodPost, "http://x.invalid", "x")
	if f, uncertain = FromError("create issue", err); !uncertain || strings.Contains(f.Error(), "s3cr3t") {
		t.Errorf("got %v, uncertain %v", f, uncertain)
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestStatusTable(t *testing.T) {
	t.Parallel()
	const google = `{"error":{"code":403,"message":"Quota exceeded","errors":[{"reason":"rateLimitExceeded"}]}}`
	for _, tc := range []struct {
		status int
		header http.Header
		body   string
		kind   fault.Kind
		reason fault.Reason
		after  time.Duration
		hint   bool
		text   string
	}{
		{status: 400, body: `{"errorMessages":["Bad."],"errors":{"z":"last","summary":"first"}}`, kind: fault.Permanent, reason: fault.Invalid, hint: true, text: "400 Bad Request: Bad.; summary: first; z: last"},
		{status: 401, kind: fault.Permanent, reason: fault.Auth, hint: true, text: "401 Unauthorized"},
		{status: 403, body: `{"message":"no"}`, kind: fault.Permanent, reason: fault.Auth, hint: true, text: "403 Forbidden: no"},
		{status: 403, body: google, kind: fault.Retryable, reason: fault.RateLimited, text: "403 Forbidden: Quota exceeded"},
		{status: 404, body: `{"type":"about:blank","title":"Not Found","status":404,"detail":"No endpoint GET /x"}`, kind: fault.Permanent, reason: fault.NotFound, hint: true, text: "404 Not Found: No endpoint GET /x"},
		{status: 405, kind: fault.Permanent, reason: fault.Unsupported, hint: true, text: "405"},
		{status: 408, kind: fault.Retryable, reason: fault.Timeout, text: "408"},
		{status: 409, body: `{"errors":[{"message":"in use"}]}`, kind: fault.Conflict, reason: fault.Precondition, text: "409 Conflict: in use"},
		{status: 410, kind: fault.Permanent, reason: fault.NotFound, hint: true, text: "410"},
		{status: 412, kind: fault.Conflict, reason: fault.Precondition, text: "412"},
		{status: 413, kind: fault.Permanent, reason: fault.Invalid, hint: true, text: "413"},
		{status: 423, kind: fault.Retryable, reason: fault.Unavailable, text: "423"},
		{status: 429, kind: fault.Retryable, reason: fault.RateLimited, text: "429"},
		{status: 429, header: http.Header{"Retry-After": {"12"}}, kind: fault.Retryable, reason: fault.RateLimited, after: 12 * time.Second, text: "429"},
		{status: 429, header: http.Header{"Retry-After": {"-5"}}, kind: fault.Retryable, reason: fault.RateLimited, text: "429"},
		{status: 429, header: http.Header{"Retry-After": {"NaN"}}, kind: fault.Retryable, reason: fault.RateLimited, text: "429"},
		{status: 429, header: http.Header{"Retry-After": {"1e300"}}, kind: fault.Retryable, reason: fault.RateLimited, after: longestPause, text: "429"},
		{status: 429, header: http.Header{"Date": {"Mon, 02 Mar 2026 10:00:00 GMT"}, "Retry-After": {"Mon, 02 Mar 2026 10:01:30 GMT"}}, kind: fault.Retryable, reason: fault.RateLimited, after: 90 * time.Second, text: "429"},
		{status: 429, header: http.Header{"Date": {"Mon, 02 Mar 2026 10:00:00 GMT"}, "X-Ratelimit-Reset": {"2026-03-02T10:20Z"}}, kind: fault.Retryable, reason: fault.RateLimited, after: 20 * time.Minute, text: "429"},
		{status: 429, body: `{"error":{"message":"slow","status":"RESOURCE_EXHAUSTED","details":[{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"31.5s"}]}}`, kind: fault.Retryable, reason: fault.RateLimited, after: 31500 * time.Millisecond, text: "slow"},
		{status: 500, body: "<html><head><title>Oops\n it\x1b[31m broke</title>", kind: fault.Retryable, reason: fault.Unavailable, text: `a web page titled "Oops it[31m broke"`},
		{status: 502, body: "<p>x", kind: fault.Retryable, reason: fault.Unavailable, text: "a web page"},
		{status: 503, header: http.Header{"Retry-After": {"7"}}, kind: fault.Retryable, reason: fault.Unavailable, after: 7 * time.Second, text: "503"},
		{status: 504, kind: fault.Retryable, reason: fault.Timeout, text: "504"},
		{status: 599, kind: fault.Retryable, reason: fault.Unavailable, text: "599"},
		{status: 302, header: http.Header{"Location": {"https://id.example.org/login?token=abc"}}, kind: fault.Permanent, reason: fault.Invalid, hint: true, text: "302 Found to https://id.example.org"},
		{status: 200, header: http.Header{"Content-Type": {"text/html"}}, body: "<title>Log in</title>", kind: fault.Permanent, reason: fault.Invalid, hint: true, text: `a web page titled "Log in"`},
		{status: 400, body: strings.Repeat("é", 5000), kind: fault.Permanent, reason: fault.Invalid, hint: true, text: "…"},
		{status: 400, body: "[1,2", kind: fault.Permanent, reason: fault.Invalid, hint: true, text: "[1,2"},
	} {
		if tc.header == nil {
			tc.header = http.Header{}
		}
		f := FromResponse("do it", &http.Response{StatusCode: tc.status, Header: tc.header}, []byte(tc.body))
		if f.Kind != tc.kind || f.Reason != tc.reason || f.RetryAfter != tc.after || (f.Hint != "") != tc.hint || f.Op != "do it" {
			t.Errorf("%d %v: got %+v", tc.status, tc.header, f)
		}
		if !strings.Contains(f.Error(), tc.text) || strings.Contains(f.Error(), "token=abc") || len(f.Error()) > 1000 {
			t.Errorf("%d: the text is %q, want it to hold %q", tc.status, f, tc.text)
		}
	}
	for code := 100; code < 1000; code++ {
		if v := verdictOf(code); v.kind == "" || v.reason == "" || v.kind == fault.Unknown {
			t.Errorf("status %d has no verdict", code)
		}
		if UncertainStatus(code) != (code >= 500 || code == 408) {
			t.Errorf("status %d: wrong on whether a write may have landed", code)
		}
	}
}

func TestSecretsStayOut(t *testing.T) {
	t.Parallel()
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		code := http.StatusInternalServerError
		_, _ = fmt.Sscanf(r.URL.Path, "/%d", &code)
		w.WriteHeader(code)
		_, _ = fmt.Fprintf(w, "you sent %s, %q, %s and %v", secret, secret, r.Header.Get("Authorization"), r.URL.RawQuery)
	})
	o := fast()
	o.Secrets = nil // the credential that is sent is known without
	c := NewClient(o)
	for _, path := range []string{"/200", "/400", "/401", "/500", "/302"} {
		resp, body, err := send(t.Context(), t, c, http.MethodPost, s.URL+path, "x")
		if err != nil {
			t.Fatal(err)
		}
		checkClean(t, FromResponse("op", resp, body).Error())
		if resp.StatusCode >= 300 {
			checkClean(t, string(body))
		}
		checkClean(t, fmt.Sprintf("%v", resp.Request.Header))
	}
	for _, u := range []string{"http://127.0.0.1:1/" + secret, "nope://x/" + secret, "http://" + strings.Repeat("x", 70) + ".invalid/"} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, u, nil)
		if err != nil {
			continue
		}
		resp, err := c.Do(req)
		if err == nil {
			_ = resp.Body.Close()
			t.Fatalf("%s answered", u)
		}
		f, _ := FromError("op", err)
		checkClean(t, f.Error())
	}
}

func checkClean(t *testing.T, s string) {
	t.Helper()
	for _, bad := range []string{secret, "s3cr3t", "Ym90QGV4YW1wbGUub3JnOnMzY3Iz"} {
		if strings.Contains(s, bad) {
			t.Errorf("%q holds a secret", s)
		}
	}
}

func TestLongAnswers(t *testing.T) {
	t.Parallel()
	var n atomic.Int32
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		n.Add(1)
		if r.URL.Path == "/error" {
			w.WriteHeader(http.StatusBadRequest)
		}
		_, _ = io.WriteString(w, strings.Repeat("x", 2000))
	})
	o := fast()
	o.MaxBody = 1000
	_, _, err := send(t.Context(), t, NewClient(o), http.MethodGet, s.URL, "")
	f, _ := FromError("read", err)
	if err == nil || !TooLong(err) || f.Kind != fault.Permanent || f.Reason != fault.Invalid || f.Hint == "" || n.Load() != 1 {
		t.Errorf("got %+v after %d requests", f, n.Load())
	}
	if _, body, err := send(t.Context(), t, NewClient(o), http.MethodGet, s.URL+"/error", ""); err != nil || len(body) != 1000 {
		t.Errorf("an error answer: %d bytes, %v", len(body), err)
	}
	o.MaxBody = 2000
	if _, body, err := send(t.Context(), t, NewClient(o), http.MethodGet, s.URL, ""); err != nil || len(body) != 2000 {
		t.Errorf("an answer of just the limit: %d bytes, %v", len(body), err)
	}
}

// A server that cannot be trusted is sent nothing, and is not asked again.
func TestBadCertificate(t *testing.T) {
	t.Parallel()
	var n atomic.Int32
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { n.Add(1) }))
	s.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	s.StartTLS()
	t.Cleanup(s.Close)
	watch := &watcher{}
	o := fast()
	o.Observer = watch
	_, _, err := send(t.Context(), t, NewClient(o), http.MethodPost, s.URL, "x")
	f, uncertain := FromError("create", err)
	if f.Kind != fault.Permanent || f.Reason != fault.Unavailable || !strings.Contains(f.Hint, "certificate") || uncertain {
		t.Errorf("got %+v, uncertain %v", f, uncertain)
	}
	if len(watch.lines()) != 1 || n.Load() != 0 {
		t.Errorf("%v attempts, %d requests", watch.lines(), n.Load())
	}
}

func TestHangingServer(t *testing.T) {
	t.Parallel()
	gone, posted := make(chan struct{}), make(chan struct{})
	s := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			close(posted)
		}
		select {
		case <-r.Context().Done():
		case <-gone:
		}
	})
	t.Cleanup(func() { close(gone) })

	// Whether a busy machine brings an attempt as far as the server in this time does not matter.
	o := fast()
	o.Timeout, o.Retries = 20*time.Millisecond, 1
	watch := &watcher{}
	o.Observer = watch
	_, _, err := send(t.Context(), t, NewClient(o), http.MethodGet, s.URL, "")
	if f, _ := FromError("read", err); f.Kind != fault.Retryable || f.Reason != fault.Timeout {
		t.Errorf("got %+v", f)
	}
	if got := strings.Join(watch.lines(), " "); got != "src GET timeout src GET timeout" {
		t.Errorf("observed %q", got)
	}

	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-posted
		cancel()
	}()
	_, _, err = send(ctx, t, NewClient(fast()), http.MethodPost, s.URL, "x")
	f, uncertain := FromError("create", err)
	if f.Reason != fault.Cancelled || !uncertain || !errors.Is(err, context.Canceled) {
		t.Errorf("got %+v, uncertain %v", f, uncertain)
	}
}

type watcher struct {
	mu     sync.Mutex
	seen   []string
	paused time.Duration
}

func (w *watcher) Requested(t Attempt) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seen = append(w.seen, fmt.Sprintf("%s %s %s", t.Source, t.Method, t.Code))
}

func (w *watcher) Throttled(_ task.SourceID, d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.paused += d
}

func (w *watcher) lines() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]string(nil), w.seen...)
}

// Pauses are slept as asked, told to the observer, and end with the context.
func TestPauses(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := 0
		watch := &watcher{}
		o := Options{Source: "src", Observer: watch, Base: roundTrip(func(r *http.Request) (*http.Response, error) {
			n++
			h := http.Header{}
			code := http.StatusOK
			if n == 1 {
				code = http.StatusTooManyRequests
				h.Set("Retry-After", "3")
			}
			return &http.Response{StatusCode: code, Header: h, Body: http.NoBody, Request: r}, nil
		})}
		start := time.Now()
		if resp, _, err := send(t.Context(), t, NewClient(o), http.MethodPost, "http://x", "x"); err != nil || resp.StatusCode != http.StatusOK {
			t.Fatalf("got %v, %v", resp, err)
		}
		if took := time.Since(start); took != 3*time.Second || watch.paused != took || n != 2 {
			t.Errorf("took %v, told %v, %d requests", took, watch.paused, n)
		}

		// A deadline that comes before the pause is over: no point in waiting.
		n = 0
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start = time.Now()
		resp, body, err := send(ctx, t, NewClient(o), http.MethodGet, "http://x", "")
		if err != nil || time.Since(start) != 0 || FromResponse("op", resp, body).RetryAfter != 3*time.Second {
			t.Errorf("after %v: %v", time.Since(start), err)
		}
	})
}

func TestPacing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		watch := &watcher{}
		o := Options{Rate: 2, Burst: 3, Observer: watch, Base: roundTrip(func(r *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: http.NoBody, Request: r}, nil
		})}
		c := NewClient(o)
		start := time.Now()
		for range 7 {
			if _, _, err := send(t.Context(), t, c, http.MethodGet, "http://x", ""); err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(start); took != 2*time.Second || watch.paused != took {
			t.Errorf("seven requests at two a second after a burst of three took %v, told %v", took, watch.paused)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		defer cancel()
		_, _, err := send(ctx, t, c, http.MethodPost, "http://x", "x")
		if f, uncertain := FromError("op", err); err == nil || f.Reason != fault.Timeout || uncertain {
			t.Errorf("a pause past the deadline: %v, uncertain %v", err, uncertain)
		}
	})
}
