package jira

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"
)

// What became of a webhook: the closed set that WebhookOptions.Observe is called with.
const (
	WebhookAccepted  = "accepted"  // an issue was hinted and a cycle woken
	WebhookDuplicate = "duplicate" // it came before
	WebhookIgnored   = "ignored"   // it is Jira's, and concerns no issue
	WebhookUnsigned  = "unsigned"  // its signature is missing or wrong
	WebhookTooLarge  = "too_large" // its body is larger than WebhookMaxBody
	WebhookMalformed = "malformed" // it is cut off, or is no JSON
	WebhookBusy      = "busy"      // too many came at once
)

// WebhookOutcomes returns every outcome. The list is the caller's.
func WebhookOutcomes() []string {
	return []string{
		WebhookAccepted, WebhookDuplicate, WebhookIgnored, WebhookUnsigned, WebhookTooLarge, WebhookMalformed, WebhookBusy,
	}
}

const (
	// WebhookMaxBody is how large a webhook's body may be, in bytes. A payload holds one issue: its fields as they are, and once
	// more what changed in them. Texts have at most 32,767 characters a field, so that an issue of usual size makes some ten
	// kilobytes and one full of long texts less than a megabyte; a Data Center adds every comment. What is larger is
	// found by the next cycle all the same.
	WebhookMaxBody = 4 << 20

	// webhookSlots is how many bodies are read at once. Jira Cloud sends up to 20 at once, each of which takes milliseconds.
	webhookSlots = 8
	// webhookPatience is how long a body may take: Jira itself gives up after 20 s.
	webhookPatience = 10 * time.Second
	// webhookRetry is how many seconds a sender is asked to wait when too many came at once.
	webhookRetry = "5"
	// keptBuffer is how large a buffer may be to be kept for the next body.
	keptBuffer = 64 << 10
	// identifiersMax is how many webhooks are remembered. Jira repeats one at most five times, minutes apart; one that was
	// forgotten meanwhile costs a cycle that finds nothing.
	identifiersMax = 4096
)

// WebhookOptions is what a webhook's handler needs. Secret must be given: without one everything is turned away.
type WebhookOptions struct {
	// Secret is what Jira signs with.
	Secret string
	// Wake asks for a cycle soon. Hint says which issues may have changed, HintDeleted which may be gone, by their ids. They are
	// called from many goroutines and must return at once. Nil: nobody is told.
	Wake        func()
	Hint        func(keys ...string)
	HintDeleted func(keys ...string)
	// Observe is told what became of each request, one of WebhookOutcomes. Nil: nobody is told.
	Observe func(outcome string)
}

// NewWebhook returns the handler of one source's webhooks. It answers before anything is done about them: 200 where the
// webhook is understood, ignored or came before, 401 where the signature is not right, 400 where the body is no JSON, 408
// where it does not arrive, 413 where it is too large, 503 where too many come at once. Answers have no body. A webhook is
// only ever a hint to look: nothing in it is taken for true. The caller lets nothing but POST through.
func NewWebhook(o WebhookOptions) http.Handler {
	if o.Wake == nil {
		o.Wake = func() {}
	}
	if o.Hint == nil {
		o.Hint = func(...string) {}
	}
	if o.HintDeleted == nil {
		o.HintDeleted = func(...string) {}
	}
	if o.Observe == nil {
		o.Observe = func(string) {}
	}
	h := &webhook{o: o, slots: make(chan *bytes.Buffer, webhookSlots)}
	for range webhookSlots {
		h.slots <- new(bytes.Buffer)
	}
	return h
}

type webhook struct {
	o     WebhookOptions
	slots chan *bytes.Buffer // a body is read into one of these; while all are in use, the next is turned away
	known identifiers
}

func (h *webhook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	status, outcome := h.handle(w, r)
	h.o.Observe(outcome)
	if status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", webhookRetry)
	}
	w.WriteHeader(status)
}

func (h *webhook) handle(w http.ResponseWriter, r *http.Request) (status int, outcome string) {
	if r.ContentLength > WebhookMaxBody {
		w.Header().Set("Connection", "close") // or the server would read on, to use the connection again
		return http.StatusRequestEntityTooLarge, WebhookTooLarge
	}
	signed, ok := hookSignature(r.Header)
	if !ok || h.o.Secret == "" {
		return http.StatusUnauthorized, WebhookUnsigned
	}
	var body *bytes.Buffer
	select {
	case body = <-h.slots:
	default:
		return http.StatusServiceUnavailable, WebhookBusy
	}
	defer h.release(body)

	mac := hmac.New(sha256.New, []byte(h.o.Secret))
	if status, outcome = receive(w, r, io.MultiWriter(body, mac)); status != http.StatusOK {
		return status, outcome
	}
	if !hmac.Equal(mac.Sum(nil), signed) {
		return http.StatusUnauthorized, WebhookUnsigned
	}
	id := r.Header.Get("X-Atlassian-Webhook-Identifier")
	if h.known.has(id) {
		return http.StatusOK, WebhookDuplicate
	}
	e, err := Understand(body.Bytes())
	if err != nil {
		return http.StatusBadRequest, WebhookMalformed
	}
	if h.known.add(id) {
		return http.StatusOK, WebhookDuplicate // its twin came at the same time
	}
	switch {
	case e.Ignored != "":
		return http.StatusOK, WebhookIgnored
	case e.Deleted:
		h.o.HintDeleted(e.IssueID)
	default:
		h.o.Hint(e.IssueID)
	}
	h.o.Wake()
	return http.StatusOK, WebhookAccepted
}

// release gives a slot back. A buffer that a large body has stretched is not kept, or a flood of them would stay in memory.
func (h *webhook) release(body *bytes.Buffer) {
	if body.Cap() > keptBuffer {
		body = new(bytes.Buffer)
	}
	body.Reset()
	h.slots <- body
}

// receive copies the body to where it is wanted. It answers 200 where it came whole.
func receive(w http.ResponseWriter, r *http.Request, to io.Writer) (status int, outcome string) {
	// A body that trickles in would hold its slot. What cannot set a deadline is no network connection.
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(webhookPatience))
	_, err := io.Copy(to, http.MaxBytesReader(w, r.Body, WebhookMaxBody))
	var large *http.MaxBytesError
	switch {
	case err == nil:
		return http.StatusOK, ""
	case errors.As(err, &large):
		return http.StatusRequestEntityTooLarge, WebhookTooLarge
	case errors.Is(err, os.ErrDeadlineExceeded):
		return http.StatusRequestTimeout, WebhookMalformed // a status after which Jira tries again
	}
	return http.StatusBadRequest, WebhookMalformed
}

// hookSignature is the one that a request carries; false where there is none, several, or it is not of the form that Jira sends.
func hookSignature(h http.Header) ([]byte, bool) {
	given := h.Values("X-Hub-Signature")
	if len(given) != 1 {
		return nil, false
	}
	digits, ok := strings.CutPrefix(given[0], "sha256=")
	if !ok || len(digits) != hex.EncodedLen(sha256.Size) {
		return nil, false
	}
	mac, err := hex.DecodeString(digits)
	return mac, err == nil
}

// identifiers are those of the webhooks that came last. They are kept as hashes: who sends them decides how long they are.
type identifiers struct {
	mu   sync.Mutex
	seen map[[sha256.Size]byte]struct{}
	ring [][sha256.Size]byte
	next int
}

// has reports whether the identifier is known. A webhook without one never is.
func (s *identifiers) has(id string) bool {
	if id == "" {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	_, ok := s.seen[sha256.Sum256([]byte(id))]
	return ok
}

// add remembers the identifier, and reports whether it was known already.
func (s *identifiers) add(id string) bool {
	if id == "" {
		return false
	}
	k := sha256.Sum256([]byte(id))
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.seen[k]; ok {
		return true
	}
	if s.seen == nil {
		s.seen = make(map[[sha256.Size]byte]struct{})
	}
	if len(s.ring) < identifiersMax {
		s.ring = append(s.ring, k)
	} else {
		delete(s.seen, s.ring[s.next])
		s.ring[s.next] = k
		s.next = (s.next + 1) % identifiersMax
	}
	s.seen[k] = struct{}{}
	return false
}
