package google

import (
	"crypto/subtle"
	"net/http"
	"strings"
)

// What became of a notice: the closed set that WatchOptions.Observe is called with.
const (
	NoticeAccepted = "accepted" // a cycle was woken
	NoticeSync     = "sync"     // the first of each channel: it says that there is a channel
	NoticeUnknown  = "unknown"  // it comes over a channel that is not, or no longer, ours
	NoticeForged   = "forged"   // it does not bear the channel's token
)

// NoticeOutcomes returns every outcome. The list is the caller's.
func NoticeOutcomes() []string {
	return []string{NoticeAccepted, NoticeSync, NoticeUnknown, NoticeForged}
}

// ServeHTTP takes a notice: 200 where it is understood, 404 where it comes over no channel of ours, 401 where it does not
// bear the channel's token. Answers have no body. A notice is only ever a hint to look: it wakes a cycle, and what it carries is not
// read. Nothing is kept of it, so a flood of them costs no memory. The caller lets nothing but POST through.
func (w *Watch) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	status, outcome, changed := w.take(r.Header)
	w.o.Observe(outcome)
	rw.WriteHeader(status)
	if changed != nil {
		changed()
	}
}

// take says what to answer to a notice, and what to do about it; nil where there is nothing to do.
func (w *Watch) take(h http.Header) (status int, outcome string, then func()) {
	id, ok := single(h, "X-Goog-Channel-Id")
	w.mu.Lock()
	c := w.open[id]
	w.mu.Unlock()
	if !ok || c == nil {
		return http.StatusNotFound, NoticeUnknown, nil
	}
	token, ok := single(h, "X-Goog-Channel-Token")
	if !ok || subtle.ConstantTimeCompare([]byte(token), []byte(c.token)) != 1 {
		return http.StatusUnauthorized, NoticeForged, nil
	}
	state := strings.ToLower(h.Get("X-Goog-Resource-State"))
	if state == "sync" {
		return http.StatusOK, NoticeSync, nil
	}
	gone := state != "update" && state != "change" && state != "add" || strings.Contains(h.Get("X-Goog-Changed"), "permissions")
	return http.StatusOK, NoticeAccepted, func() { c.file.Changed(gone) }
}

// single is a header that is there exactly once.
func single(h http.Header, name string) (string, bool) {
	vs := h.Values(name)
	if len(vs) != 1 {
		return "", false
	}
	return vs[0], true
}
