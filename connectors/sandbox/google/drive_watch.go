package google

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// PushOptions are how Drive tells of changes. The zero value tells at once, over the network.
type PushOptions struct {
	// Delay is how long changes of a file are collected before one notice tells of all of them. Google's is some three
	// minutes at times, and seconds at others.
	Delay time.Duration
	// Transport carries the notices; nil is the default one.
	Transport http.RoundTripper
}

// Notice is one message that was sent over a channel.
type Notice struct {
	Channel, File string
	State         string // sync, update, trash, untrash or remove
	Number        int    // counted from 1 for each channel
	Status        int    // of the answer; 0 where there was none
}

// channel is a notification channel, from files.watch until it expires or is stopped.
type channel struct {
	id, token, address string
	file, resource     string
	expires            time.Time
	sent               int    // messages
	due                string // the state that the next message tells; "" when there is none
	changed            string // what the next message says of an update
	busy               bool   // a message is on its way, or waits for more changes
	was                fileState
}

// fileState is what a channel's messages tell apart.
type fileState struct{ gone, trashed, readOnly bool }

// push is the part of the server that tells of changes.
type push struct {
	mu       sync.Mutex
	channels map[string]*channel
	known    map[string]bool // every channel id that there ever was: none may come twice
	log      []Notice
}

const (
	shortestChannel = time.Hour // where the request does not say
	longestChannel  = 24 * time.Hour
	noticeLog       = 10_000
)

// watch makes a channel: files.watch.
func (s *Server) watch(w http.ResponseWriter, r *http.Request, id string) error {
	c, err := s.begin(w, r, driveSchema(), "Channel", "acknowledgeAbuse", "includeLabels", "includePermissionsForView",
		"supportsAllDrives", "supportsTeamDrives")
	if err != nil {
		return err
	}
	body, err := c.body("Channel", "resource")
	if err != nil {
		return err
	}
	if s.file(id) == nil {
		return driveNotFound(id)
	}
	ch := &channel{id: asString(body["id"]), token: asString(body["token"]), address: asString(body["address"]), file: id, was: s.fileState(id)}
	if err := ch.check(asString(body["type"])); err != nil {
		return err
	}
	now := s.o.Now()
	ch.expires = now.Add(shortestChannel)
	if ms, ok := body["expiration"].(float64); ok {
		ch.expires = time.UnixMilli(int64(ms))
		if ch.expires.After(now.Add(longestChannel)) {
			ch.expires = now.Add(longestChannel)
		}
	}
	if !ch.expires.After(now) {
		return drivePushError("channelExpirationInThePast", "Channel expiration must be in the future.")
	}
	sum := sha256.Sum256([]byte(id))
	ch.resource = hex.EncodeToString(sum[:12])

	p := &s.push
	p.mu.Lock()
	if p.known[ch.id] {
		p.mu.Unlock()
		return drivePushError("channelIdNotUnique", "Channel id "+ch.id+" not unique")
	}
	if p.channels == nil {
		p.channels, p.known = map[string]*channel{}, map[string]bool{}
	}
	p.channels[ch.id], p.known[ch.id] = ch, true
	ch.busy = true
	p.mu.Unlock()
	go s.deliver(ch) // it may be there before the answer is
	c.answer(map[string]any{
		"kind": "api#channel", "id": ch.id, "resourceId": ch.resource, "resourceUri": ch.uri(), "token": ch.token,
		"expiration": strconv.FormatInt(ch.expires.UnixMilli(), 10),
	})
	return nil
}

func (ch *channel) uri() string {
	return "https://www.googleapis.com/drive/v3/files/" + url.PathEscape(ch.file) + "?acknowledgeAbuse=false&alt=json&supportsAllDrives=true"
}

// check refuses what Drive refuses. One thing it lets through that Drive does not: a plain address on this machine, for which
// no certificate could be had.
func (ch *channel) check(kind string) error {
	switch {
	case ch.id == "" || len(ch.id) > 64:
		return drivePushError("invalid", "Invalid channel id.")
	case kind != "web_hook" && kind != "webhook":
		return drivePushError("invalid", "Invalid value for: Invalid channel type: "+kind)
	case len(ch.token) > 256:
		return drivePushError("invalid", "Invalid channel token: more than 256 characters.")
	}
	u, err := url.Parse(ch.address)
	if err != nil || u.Host == "" {
		return drivePushError("push.webhookUrlNotSpecified", "Invalid WebHook callback: "+ch.address)
	}
	ip, err := netip.ParseAddr(u.Hostname())
	if u.Scheme != "https" && (u.Scheme != "http" || u.Hostname() != "localhost" && (err != nil || !ip.IsLoopback())) {
		return drivePushError("push.webhookUrlNotHttps", "WebHook callback must be HTTPS: "+ch.address)
	}
	return nil
}

func drivePushError(reason, message string) *apiError {
	return &apiError{code: http.StatusBadRequest, message: message, drive: reason, where: "resource"}
}

// stopChannel ends a channel: channels.stop.
func (s *Server) stopChannel(w http.ResponseWriter, r *http.Request) error {
	c, err := s.begin(w, r, driveSchema(), "Channel")
	if err != nil {
		return err
	}
	body, err := c.body("Channel", "resource")
	if err != nil {
		return err
	}
	p := &s.push
	p.mu.Lock()
	defer p.mu.Unlock()
	ch := p.channels[asString(body["id"])]
	if ch == nil || ch.resource != asString(body["resourceId"]) || !ch.expires.After(s.o.Now()) {
		return &apiError{
			code: http.StatusNotFound, drive: "notFound", where: "channelId",
			message: fmt.Sprintf("Channel '%s' not found for project '%s'", asString(body["id"]), projectNumber),
		}
	}
	delete(p.channels, ch.id)
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// Channels are the ids of the channels that are open on a file, sorted.
func (s *Server) Channels(file string) []string {
	p := &s.push
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []string
	for id, ch := range p.channels {
		if ch.file == file && ch.expires.After(s.o.Now()) {
			out = append(out, id)
		}
	}
	slices.Sort(out)
	return out
}

// Notices is what was sent over all channels, oldest first.
func (s *Server) Notices() []Notice {
	p := &s.push
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.log)
}

func (s *Server) fileState(id string) fileState {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if w := s.books[id]; w != nil {
		return fileState{w.unshared, w.trashed, w.readOnly}
	}
	if d := s.docs[id]; d != nil {
		return fileState{d.unshared, d.trashed, d.readOnly}
	}
	return fileState{gone: true}
}

// notify has every channel on a file tell of a change. What came before it and was not told yet is told with it.
func (s *Server) notify(file string) {
	now, is := s.o.Now(), s.fileState(file)
	p := &s.push
	p.mu.Lock()
	defer p.mu.Unlock()
	for id, ch := range p.channels {
		if !ch.expires.After(now) {
			delete(p.channels, id)
			continue
		}
		if ch.file != file {
			continue
		}
		ch.due, ch.changed = is.since(ch.was)
		ch.was = is
		if !ch.busy {
			ch.busy = true
			time.AfterFunc(s.o.Push.Delay, func() { s.deliver(ch) })
		}
	}
}

// since is the state that a message tells, and what an update changed.
func (f fileState) since(was fileState) (state, changed string) {
	switch {
	case f.gone && !was.gone:
		return "remove", ""
	case f.trashed && !was.trashed:
		return "trash", ""
	case !f.trashed && was.trashed:
		return "untrash", ""
	case f != was:
		return "update", "permissions"
	}
	return "update", "content"
}

// deliver sends what is due over a channel, and what becomes due meanwhile after it.
func (s *Server) deliver(ch *channel) {
	p := &s.push
	for {
		p.mu.Lock()
		_, open := p.channels[ch.id]
		if !open || ch.due == "" && ch.sent > 0 || s.isClosed() {
			ch.busy = false
			p.mu.Unlock()
			return
		}
		ch.sent++
		n := Notice{Channel: ch.id, File: ch.file, State: "sync", Number: ch.sent}
		changed := ""
		if ch.sent > 1 {
			n.State, changed = ch.due, ch.changed
			ch.due = ""
		}
		p.mu.Unlock()

		n.Status = s.post(ch, n, changed)

		p.mu.Lock()
		if len(p.log) >= noticeLog {
			p.log = slices.Delete(p.log, 0, noticeLog/2)
		}
		p.log = append(p.log, n)
		more := ch.due != ""
		ch.busy = more
		p.mu.Unlock()
		if !more {
			return
		}
		t := time.NewTimer(s.o.Push.Delay)
		select {
		case <-t.C:
		case <-s.closed:
			t.Stop()
			return
		}
	}
}

func (s *Server) isClosed() bool {
	select {
	case <-s.closed:
		return true
	default:
		return false
	}
}

// post sends one message, and returns the answer's status; 0 where none came.
func (s *Server) post(ch *channel, n Notice, changed string) int {
	to, err := url.Parse(ch.address)
	if err != nil {
		return 0
	}
	h := http.Header{}
	h.Set("User-Agent", "APIs-Google; (+https://developers.google.com/webmasters/APIs-Google.html)")
	h.Set("X-Goog-Channel-ID", ch.id)
	h.Set("X-Goog-Channel-Expiration", ch.expires.UTC().Format(http.TimeFormat))
	h.Set("X-Goog-Message-Number", strconv.Itoa(n.Number))
	h.Set("X-Goog-Resource-ID", ch.resource)
	h.Set("X-Goog-Resource-State", n.State)
	h.Set("X-Goog-Resource-URI", ch.uri())
	if ch.token != "" {
		h.Set("X-Goog-Channel-Token", ch.token)
	}
	if changed != "" {
		h.Set("X-Goog-Changed", changed)
	}
	client := http.Client{
		Timeout: 10 * time.Second, Transport: s.o.Push.Transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	resp, err := client.Do(&http.Request{Method: http.MethodPost, URL: to, Host: to.Host, Header: h, Body: http.NoBody})
	if err != nil {
		return 0
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<20)) // so that the connection serves again
	return resp.StatusCode
}

// driveRoute says which call of Drive a request is: the file of files.get and files.watch, or channels.stop.
func driveRoute(method, path string) (call, file string) {
	rest, ok := strings.CutPrefix(path, "/drive/v3/")
	switch {
	case !ok:
	case method == http.MethodPost && rest == "channels/stop":
		return "stop", ""
	case strings.HasPrefix(rest, "files/"):
		id := strings.TrimPrefix(rest, "files/")
		watched, watch := strings.CutSuffix(id, "/watch")
		switch {
		case watch && method == http.MethodPost && watched != "" && !strings.Contains(watched, "/"):
			return "watch", watched
		case method == http.MethodGet && !strings.Contains(id, "/"):
			return "get", id
		}
	}
	return "", ""
}
