package jira

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

const hookSecret = "It's a Secret to Everybody"

func sign(secret, body string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	_, _ = mac.Write([]byte(body))
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}

// heard is a webhook's handler, and what came of it.
type heard struct {
	http.Handler
	mu           sync.Mutex
	wakes        int
	hinted, gone []string
	outcomes     map[string]int
}

func listen(o WebhookOptions) *heard {
	h := &heard{outcomes: map[string]int{}}
	locked := func(f func()) { h.mu.Lock(); defer h.mu.Unlock(); f() }
	o.Wake = func() { locked(func() { h.wakes++ }) }
	o.Hint = func(keys ...string) { locked(func() { h.hinted = append(h.hinted, keys...) }) }
	o.HintDeleted = func(keys ...string) { locked(func() { h.gone = append(h.gone, keys...) }) }
	o.Observe = func(outcome string) { locked(func() { h.outcomes[outcome]++ }) }
	h.Handler = NewWebhook(o)
	return h
}

func (h *heard) post(t *testing.T, body io.Reader, header ...string) *http.Response {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/webhooks/jira/aquafund-jira?user_id=admin&user_key=admin", body)
	r.Header.Set("Content-Type", "application/json; charset=UTF-8")
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Body.Len() > 0 {
		t.Errorf("the answer says %q", w.Body)
	}
	return w.Result()
}

func (h *heard) expect(t *testing.T, what, outcome string, wakes int) {
	t.Helper()
	if h.outcomes[outcome] != 1 || len(h.outcomes) != 1 || h.wakes != wakes {
		t.Errorf("%s: %v and %d wakes, want one %s and %d", what, h.outcomes, h.wakes, outcome, wakes)
	}
}

const updated = `{"webhookEvent":"jira:issue_updated","issue":{"id":"10040","key":"TES-41"}}`

// The vector of the vendor's own page: its body is no JSON, which is looked at only after the signature.
func TestWebhookSignatureVector(t *testing.T) {
	t.Parallel()
	const right = "a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9"
	h := listen(WebhookOptions{Secret: hookSecret})
	if res := h.post(t, strings.NewReader("Hello World!"), "X-Hub-Signature", "sha256="+right); res.StatusCode != http.StatusBadRequest {
		t.Errorf("answer %s", res.Status)
	}
	h.expect(t, "vector", WebhookMalformed, 0)
}

func TestWebhookSignature(t *testing.T) {
	t.Parallel()
	right := sign(hookSecret, updated)
	digits := strings.TrimPrefix(right, "sha256=")
	for name, header := range map[string][]string{
		"none": nil, "empty": {"X-Hub-Signature", ""}, "no method": {"X-Hub-Signature", digits},
		"another method": {"X-Hub-Signature", "sha1=" + digits}, "method in capitals": {"X-Hub-Signature", "SHA256=" + digits},
		"cut": {"X-Hub-Signature", right[:len(right)-2]}, "odd": {"X-Hub-Signature", right[:len(right)-1]},
		"longer": {"X-Hub-Signature", right + "00"}, "no hex": {"X-Hub-Signature", "sha256=" + strings.Repeat("zz", 32)},
		"of another secret": {"X-Hub-Signature", sign("It's a secret to everybody", updated)},
		"of no secret":      {"X-Hub-Signature", sign("", updated)},
		"of another body":   {"X-Hub-Signature", sign(hookSecret, updated+" ")},
		"two":               {"X-Hub-Signature", right, "X-Hub-Signature", right},
		"another header":    {"X-Hub-Signature-256", right},
	} {
		h := listen(WebhookOptions{Secret: hookSecret})
		res := h.post(t, strings.NewReader(updated), append(header, "X-Atlassian-Webhook-Identifier", "a")...)
		if res.StatusCode != http.StatusUnauthorized || len(res.Header) != 0 {
			t.Errorf("%s: answer %s, %v", name, res.Status, res.Header)
		}
		h.expect(t, name, WebhookUnsigned, 0)
		// What was turned away is not remembered: the right one of that identifier is heard.
		if res := h.post(t, strings.NewReader(updated), "X-Hub-Signature", right, "X-Atlassian-Webhook-Identifier", "a"); res.StatusCode != http.StatusOK || h.wakes != 1 {
			t.Errorf("%s: then the right one: %s, %d wakes", name, res.Status, h.wakes)
		}
	}
	h := listen(WebhookOptions{})
	if res := h.post(t, strings.NewReader(updated), "X-Hub-Signature", sign("", updated)); res.StatusCode != http.StatusUnauthorized {
		t.Errorf("without a secret: answer %s", res.Status)
	}
	h.expect(t, "without a secret", WebhookUnsigned, 0)
}

func TestWebhookIsAHint(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		body, outcome string
		status        int
		hinted, gone  string
	}{
		"change":   {updated, WebhookAccepted, 200, "10040", ""},
		"deletion": {`{"webhookEvent":"jira:issue_deleted","issue":{"id":"10040","key":"TES-41"}}`, WebhookAccepted, 200, "", "10040"},
		"comment":  {`{"webhookEvent":"comment_created","comment":{"self":"http://x/rest/api/2/issue/10013/comment/1"}}`, WebhookAccepted, 200, "10013", ""},
		"sprint":   {`{"webhookEvent":"sprint_started","sprint":{"id":1}}`, WebhookIgnored, 200, "", ""},
		"unknown":  {`{"webhookEvent":"whatever"}`, WebhookIgnored, 200, "", ""},
		"no json":  {`{"webhookEvent":`, WebhookMalformed, 400, "", ""},
		"empty":    {``, WebhookMalformed, 400, "", ""},
	} {
		h := listen(WebhookOptions{Secret: hookSecret})
		res := h.post(t, strings.NewReader(tc.body), "X-Hub-Signature", sign(hookSecret, tc.body), "X-Atlassian-Webhook-Identifier", "x")
		wakes := 0
		if tc.outcome == WebhookAccepted {
			wakes = 1
		}
		if res.StatusCode != tc.status || strings.Join(h.hinted, " ") != tc.hinted || strings.Join(h.gone, " ") != tc.gone {
			t.Errorf("%s: answer %s, hinted %v, gone %v", name, res.Status, h.hinted, h.gone)
		}
		h.expect(t, name, tc.outcome, wakes)
	}
}

func TestWebhookIsHeardOnce(t *testing.T) {
	t.Parallel()
	h := listen(WebhookOptions{Secret: hookSecret})
	post := func(id string) {
		t.Helper()
		header := []string{"X-Hub-Signature", sign(hookSecret, updated), "X-Atlassian-Webhook-Retry", "1"}
		if id != "" {
			header = append(header, "X-Atlassian-Webhook-Identifier", id)
		}
		if res := h.post(t, strings.NewReader(updated), header...); res.StatusCode != http.StatusOK {
			t.Errorf("answer %s", res.Status)
		}
	}
	for range 3 {
		post("one")
	}
	if h.wakes != 1 || h.outcomes[WebhookDuplicate] != 2 || len(h.hinted) != 1 {
		t.Errorf("%d wakes of one webhook that came three times: %v", h.wakes, h.outcomes)
	}
	post("two")
	for range 2 {
		post("") // an old Server gives none
	}
	if h.wakes != 4 {
		t.Errorf("%d wakes, want 4", h.wakes)
	}
	for i := range identifiersMax {
		post(fmt.Sprint("many", i))
	}
	post(fmt.Sprint("many", 0))
	if h.wakes != 4+identifiersMax {
		t.Errorf("%d wakes, want %d", h.wakes, 4+identifiersMax)
	}
	post("one") // so long ago that it is forgotten
	if h.wakes != 5+identifiersMax {
		t.Error("the memory of identifiers has no end")
	}
}

// endless is a body without end, and counts what was read of it.
type endless struct{ n int }

func (e *endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	e.n += len(p)
	return len(p), nil
}

func TestWebhookTooLarge(t *testing.T) {
	t.Parallel()
	whole := updated + strings.Repeat(" ", WebhookMaxBody-len(updated))
	h := listen(WebhookOptions{Secret: hookSecret})
	if res := h.post(t, strings.NewReader(whole), "X-Hub-Signature", sign(hookSecret, whole)); res.StatusCode != http.StatusOK {
		t.Errorf("a body of just the limit: %s", res.Status)
	}
	h = listen(WebhookOptions{Secret: hookSecret})
	if res := h.post(t, strings.NewReader(whole+" "), "X-Hub-Signature", sign(hookSecret, whole+" ")); res.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("a byte more: %s", res.Status)
	}
	h.expect(t, "a byte more", WebhookTooLarge, 0)
	h = listen(WebhookOptions{Secret: hookSecret})
	var body endless
	if res := h.post(t, &body, "X-Hub-Signature", sign(hookSecret, "")); res.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("a body without end: %s", res.Status)
	}
	if body.n > WebhookMaxBody+64<<10 {
		t.Errorf("%d bytes were read of it", body.n)
	}
	h.expect(t, "without end", WebhookTooLarge, 0)
	body.n = 0
	h = listen(WebhookOptions{Secret: hookSecret})
	if res := h.post(t, &body); res.StatusCode != http.StatusUnauthorized || body.n != 0 {
		t.Errorf("without signature: %s after %d bytes", res.Status, body.n)
	}
}

// brokenOff is a connection that ends in the middle of the body.
type brokenOff struct{}

func (brokenOff) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// stuck is a body that does not come until it is told to.
type stuck struct {
	reading chan<- struct{}
	more    <-chan struct{}
}

func (s stuck) Read([]byte) (int, error) {
	s.reading <- struct{}{}
	<-s.more
	return 0, io.EOF
}

func TestWebhookBusy(t *testing.T) {
	t.Parallel()
	h := listen(WebhookOptions{Secret: hookSecret})
	if res := h.post(t, brokenOff{}, "X-Hub-Signature", sign(hookSecret, updated)); res.StatusCode != http.StatusBadRequest {
		t.Errorf("a body that is cut off: %s", res.Status)
	}
	reading, more := make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	for range webhookSlots {
		wg.Go(func() { h.post(t, stuck{reading, more}, "X-Hub-Signature", sign(hookSecret, "")) })
	}
	for range webhookSlots {
		<-reading
	}
	res := h.post(t, strings.NewReader(updated), "X-Hub-Signature", sign(hookSecret, updated))
	if res.StatusCode != http.StatusServiceUnavailable || res.Header.Get("Retry-After") == "" || h.outcomes[WebhookBusy] != 1 {
		t.Errorf("one too many: %s, %v, %v", res.Status, res.Header, h.outcomes)
	}
	close(more)
	wg.Wait()
	if res := h.post(t, strings.NewReader(updated), "X-Hub-Signature", sign(hookSecret, updated)); res.StatusCode != http.StatusOK || h.wakes != 1 {
		t.Errorf("after that: %s, %d wakes", res.Status, h.wakes)
	}
}

// TestWebhookOverTheNetwork: a body that does not come whole is answered, and the connection lives on after one that does.
func TestWebhookOverTheNetwork(t *testing.T) {
	t.Parallel()
	h := listen(WebhookOptions{Secret: hookSecret})
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	var d net.Dialer
	conn, err := d.DialContext(t.Context(), "tcp", srv.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	send := func(head, body string) string {
		t.Helper()
		if _, err := io.WriteString(conn, "POST /x HTTP/1.1\r\nHost: x\r\n"+head+"\r\n"+body); err != nil {
			t.Fatal(err)
		}
		answer := make([]byte, 4096)
		_ = conn.SetReadDeadline(time.Now().Add(time.Minute))
		n, err := conn.Read(answer)
		if err != nil {
			t.Fatal(err)
		}
		line, _, _ := strings.Cut(string(answer[:n]), "\r\n")
		return line
	}
	for range 2 {
		if got := send(fmt.Sprintf("x-hub-signature: %s\r\nContent-Length: %d\r\n", sign(hookSecret, updated), len(updated)), updated); got != "HTTP/1.1 200 OK" {
			t.Errorf("answer %s", got)
		}
	}
	if got := send(fmt.Sprintf("Content-Length: %d\r\n", int64(1)<<40), "{"); got != "HTTP/1.1 413 Request Entity Too Large" {
		t.Errorf("a terabyte that is announced: %s", got)
	}
}

// TestWebhookFlood is alone while it runs, as it weighs the memory of the whole process.
func TestWebhookFlood(t *testing.T) { //nolint:paralleltest // it weighs the memory of the whole process
	h := listen(WebhookOptions{Secret: hookSecret})
	text := fmt.Sprintf(`{"webhookEvent":"jira:issue_updated","issue":{"id":"10040","fields":{"description":%q}}}`, strings.Repeat("x", 2<<10))
	right, wrong := sign(hookSecret, text), sign("another secret", text)
	huge := strings.Repeat(" ", WebhookMaxBody+1)
	long := strings.Repeat("i", 1<<10)
	kinds := map[string]func(i int){
		"right": func(i int) {
			h.post(t, strings.NewReader(text), "X-Hub-Signature", right, "X-Atlassian-Webhook-Identifier", fmt.Sprint(long, i))
		},
		"wrong": func(i int) {
			h.post(t, strings.NewReader(text), "X-Hub-Signature", wrong, "X-Atlassian-Webhook-Identifier", fmt.Sprint(long, i))
		},
		"the same": func(int) {
			h.post(t, strings.NewReader(text), "X-Hub-Signature", right, "X-Atlassian-Webhook-Identifier", "same")
		},
		"huge": func(i int) {
			if i%500 == 0 {
				h.post(t, io.MultiReader(strings.NewReader(huge)), "X-Hub-Signature", wrong) // of a length that is not announced
				return
			}
			h.post(t, strings.NewReader(huge), "X-Hub-Signature", wrong)
		},
	}
	for i := range identifiersMax { // what is remembered is as much as it may become
		kinds["right"](-i - 1)
	}
	heap := func() int64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	h.hinted = nil
	for name, post := range kinds {
		before := heap()
		for i := range 10_000 {
			post(i)
			h.hinted = h.hinted[:0]
		}
		if grown := heap() - before; grown > 1<<20 {
			t.Errorf("%s: 10,000 webhooks left %d bytes", name, grown)
		}
	}
	// With every slot in use at once there are as many bodies as slots, no more; and none of them stays.
	before := heap()
	reading, more := make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	for range webhookSlots {
		wg.Go(func() {
			h.post(t, io.MultiReader(strings.NewReader(huge[:WebhookMaxBody]), stuck{reading, more}), "X-Hub-Signature", wrong)
		})
	}
	for range webhookSlots {
		<-reading
	}
	for range 10_000 {
		h.post(t, strings.NewReader(text), "X-Hub-Signature", right)
	}
	if grown := heap() - before; grown > 4*webhookSlots*WebhookMaxBody {
		t.Errorf("%d bodies at once take %d bytes", webhookSlots, grown)
	}
	close(more)
	wg.Wait()
	if grown := heap() - before; grown > 1<<20 {
		t.Errorf("the large bodies left %d bytes", grown)
	}
	if h.outcomes[WebhookBusy] != 10_000 || h.outcomes[WebhookTooLarge] != 10_000 || h.outcomes[WebhookDuplicate] != 9_999 {
		t.Errorf("outcomes %v", h.outcomes)
	}
}
