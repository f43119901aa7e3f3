package jira

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"
)

// WebhookDials are what goes wrong on the way to whoever listens, and how hard the sandbox tries. The zero value is a
// way on which nothing goes wrong.
type WebhookDials struct {
	Drop      int           // every so many-th event is never sent; 0 for none
	Duplicate int           // every so many-th event is sent twice, under one identifier; 0 for none
	Reverse   int           // so many events are collected and then sent newest first; 0 or 1 keeps the order
	Retries   int           // how often an event that was not taken is sent again; default 5, as Jira does, negative for never
	RetryWait time.Duration // before each; default a second, where Jira waits for minutes
	Timeout   time.Duration // of an attempt; default 10 seconds
}

// WebhookTally counts what became of a webhook's events.
type WebhookTally struct {
	Delivered int // taken by whoever listens
	Refused   int // given up after the last attempt, or at an answer that says not to come again
	Dropped   int // by the dials
	Lost      int // there was no room for them
}

// Webhook sends the changes of a server to an address, in the background. Close ends it.
type Webhook struct {
	url    string
	secret []byte
	events []string
	client http.Client
	stop   context.CancelFunc
	wake   chan struct{}
	ended  chan struct{}

	mu       sync.Mutex
	dials    WebhookDials
	queue    []delivery
	taken    int // events since the start, for the dials that count
	busy     bool
	draining int
	idle     []chan struct{}
	tally    WebhookTally
}

type delivery struct {
	id, flow string
	body     []byte
}

// webhookRoom is how many events wait at most; what comes then is lost, as somewhere it has to be.
const webhookRoom = 1000

// SendWebhooks does what an administrator's webhook does: after each change it posts the event to url, signed when there
// is a secret. events are such as "jira:issue_updated" or "comment_created"; none means all six of the issues' and
// comments'. Whoever calls it must Close what it returns.
func (s *Server) SendWebhooks(url, secret string, events ...string) *Webhook {
	ctx, stop := context.WithCancel(context.Background())
	h := &Webhook{
		url: url, secret: []byte(secret), events: slices.Clone(events), stop: stop,
		wake: make(chan struct{}, 1), ended: make(chan struct{}),
		client: http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
	}
	go h.run(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.webhooks = append(s.webhooks, h)
	return h
}

// Dial sets what goes wrong from now on.
func (h *Webhook) Dial(d WebhookDials) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.dials = d
}

// Tally counts what became of the events so far.
func (h *Webhook) Tally() WebhookTally {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.tally
}

// Drain waits until every event that was waiting is delivered or given up. It returns the context's error when that ends
// first, and nil for a webhook that is closed.
func (h *Webhook) Drain(ctx context.Context) error {
	h.mu.Lock()
	if len(h.queue) == 0 && !h.busy {
		h.mu.Unlock()
		return nil
	}
	done := make(chan struct{})
	h.idle = append(h.idle, done)
	h.draining++
	h.mu.Unlock()
	h.ring()
	defer func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.draining--
	}()
	select {
	case <-done:
		return nil
	case <-h.ended:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait for webhooks: %w", ctx.Err())
	}
}

// Close ends the webhook and waits for the attempt that is under way, which it breaks off. What waits is not sent.
func (h *Webhook) Close() {
	h.stop()
	<-h.ended
}

func (h *Webhook) ring() {
	select {
	case h.wake <- struct{}{}:
	default: // it is rung already
	}
}

func (h *Webhook) wants(event string) bool {
	return len(h.events) == 0 || slices.Contains(h.events, event)
}

// send queues an event. It never waits: it is called while the server is locked.
func (h *Webhook) send(flow string, body []byte) {
	var id [16]byte
	_, _ = rand.Read(id[:]) // never fails: the program ends instead
	h.mu.Lock()
	defer h.mu.Unlock()
	h.taken++
	every := func(n int) bool { return n > 0 && h.taken%n == 0 }
	switch {
	case every(h.dials.Drop):
		h.tally.Dropped++
		return
	case len(h.queue) >= webhookRoom:
		h.tally.Lost++
		return
	}
	d := delivery{hex.EncodeToString(id[:]), flow, body}
	h.queue = append(h.queue, d)
	if every(h.dials.Duplicate) {
		h.queue = append(h.queue, d)
	}
	h.ring()
}

func (h *Webhook) run(ctx context.Context) {
	defer close(h.ended)
	for {
		batch, dials := h.next()
		for _, d := range batch {
			h.deliver(ctx, d, dials)
		}
		if ctx.Err() != nil {
			return
		}
		if batch != nil {
			continue
		}
		select {
		case <-ctx.Done():
			return
		case <-h.wake:
		}
	}
}

// next takes what is to be sent now; nil when there is nothing, or when more is to be collected first.
func (h *Webhook) next() ([]delivery, WebhookDials) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.busy = false
	if len(h.queue) == 0 {
		for _, c := range h.idle {
			close(c)
		}
		h.idle = nil
		return nil, h.dials
	}
	n := max(h.dials.Reverse, 1)
	if len(h.queue) < n && h.draining == 0 {
		return nil, h.dials
	}
	h.busy = true
	batch := slices.Clone(h.queue[:min(n, len(h.queue))])
	h.queue = slices.Delete(h.queue, 0, len(batch))
	slices.Reverse(batch)
	return batch, h.dials
}

func (h *Webhook) deliver(ctx context.Context, d delivery, dials WebhookDials) {
	retries, wait, timeout := dials.Retries, dials.RetryWait, dials.Timeout
	if retries == 0 {
		retries = 5
	}
	if wait == 0 {
		wait = time.Second
	}
	if timeout == 0 {
		timeout = 10 * time.Second
	}
	taken, again := false, true
	for attempt := 0; again && attempt <= max(retries, 0) && ctx.Err() == nil; attempt++ {
		if attempt > 0 {
			pause := time.NewTimer(wait)
			select {
			case <-ctx.Done():
				pause.Stop()
				return
			case <-pause.C:
			}
		}
		taken, again = h.attempt(ctx, d, attempt, timeout)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if taken {
		h.tally.Delivered++
	} else {
		h.tally.Refused++
	}
}

// attempt posts an event once, and reports whether it was taken and, when not, whether Jira would try again.
func (h *Webhook) attempt(ctx context.Context, d delivery, n int, timeout time.Duration) (taken, again bool) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, h.url, bytes.NewReader(d.body))
	if err != nil {
		return false, false
	}
	r.Header.Set("Content-Type", "application/json; charset=utf-8")
	r.Header.Set("User-Agent", "Atlassian HttpClient 1.1.0 / JIRA-1001.0.0-SNAPSHOT (100300) / Default")
	r.Header.Set("X-Atlassian-Webhook-Identifier", d.id)
	r.Header.Set("X-Atlassian-Webhook-Flow", d.flow)
	if n > 0 {
		r.Header.Set("X-Atlassian-Webhook-Retry", strconv.Itoa(n))
	}
	if len(h.secret) > 0 {
		mac := hmac.New(sha256.New, h.secret)
		mac.Write(d.body)
		r.Header.Set("X-Hub-Signature", "sha256="+hex.EncodeToString(mac.Sum(nil)))
	}
	resp, err := h.client.Do(r)
	if err != nil {
		return false, true
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<20)) // so that the connection serves again
	switch resp.StatusCode {
	case http.StatusRequestTimeout, http.StatusConflict, http.StatusTooEarly, http.StatusTooManyRequests:
		return false, true
	}
	return resp.StatusCode < 300, resp.StatusCode >= 500
}
