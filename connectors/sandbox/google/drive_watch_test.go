package google

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/api/drive/v3"
	"google.golang.org/api/googleapi"
)

// heard is a place that notices are sent to.
type heard struct {
	*httptest.Server
	c chan http.Header
}

func listen(t *testing.T) heard {
	t.Helper()
	h := heard{c: make(chan http.Header, 100)}
	h.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost || r.URL.Path != "/webhooks/drive" || r.ContentLength > 0 {
			w.WriteHeader(http.StatusBadRequest)
		}
		h.c <- r.Header.Clone()
	}))
	t.Cleanup(h.Close)
	return h
}

func (h heard) next(t *testing.T) http.Header {
	t.Helper()
	select {
	case got := <-h.c:
		return got
	case <-time.After(30 * time.Second):
		t.Fatal("no notice came")
	}
	return nil
}

func TestChannels(t *testing.T) {
	t.Parallel()
	b := newBench(t, Options{})
	id := b.srv.AddSpreadsheet("Plan")
	h := listen(t)
	watch := func(channel, address string, expires time.Time) (*drive.Channel, error) {
		c := &drive.Channel{Id: channel, Type: "web_hook", Address: address, Token: "secret of " + channel}
		if !expires.IsZero() {
			c.Expiration = expires.UnixMilli()
		}
		return b.drive.Files.Watch(id, c).SupportsAllDrives(true).Context(t.Context()).Do()
	}
	got, err := watch("one", h.URL+"/webhooks/drive", noon.Add(9*24*time.Hour))
	b.must(err)
	if got.Id != "one" || got.ResourceId == "" || got.Expiration != noon.Add(24*time.Hour).UnixMilli() {
		t.Errorf("the channel is %+v", got)
	}
	if n := h.next(t); n.Get("X-Goog-Resource-State") != "sync" || n.Get("X-Goog-Message-Number") != "1" || n.Get("X-Goog-Channel-ID") != "one" ||
		n.Get("X-Goog-Channel-Token") != "secret of one" || n.Get("X-Goog-Resource-ID") != got.ResourceId || n.Get("X-Goog-Channel-Expiration") == "" {
		t.Errorf("the first notice is %v", n)
	}
	for i, c := range []struct {
		do             func(string) error
		state, changed string
	}{
		{func(id string) error { return b.srv.Type(id, "Sheet1", "A1", "x") }, "update", "content"},
		{b.srv.Trash, "trash", ""},
		{b.srv.Share, "untrash", ""},
		{b.srv.ReadOnly, "update", "permissions"},
		{b.srv.Unshare, "remove", ""},
	} {
		b.must(c.do(id))
		if n := h.next(t); n.Get("X-Goog-Resource-State") != c.state || n.Get("X-Goog-Changed") != c.changed || n.Get("X-Goog-Message-Number") != fmt.Sprint(i+2) {
			t.Errorf("notice %d is %v, want %s of %q", i+2, n, c.state, c.changed)
		}
	}
	b.must(b.srv.Share(id))
	h.next(t)
	if open := b.srv.Channels(id); !slices.Equal(open, []string{"one"}) {
		t.Errorf("the channels are %v", open)
	}
	stop := func(channel, resource string) error {
		return b.drive.Channels.Stop(&drive.Channel{Id: channel, ResourceId: resource}).Context(t.Context()).Do()
	}
	b.refused(stop("one", "another"), 404, "Channel 'one' not found for project '100000000001'")
	b.must(stop("one", got.ResourceId))
	if open := b.srv.Channels(id); len(open) > 0 {
		t.Errorf("after the stop there are %v", open)
	}

	refused := func(what, reason string, err error) {
		t.Helper()
		var e *googleapi.Error
		if !errors.As(err, &e) || len(e.Errors) != 1 || e.Errors[0].Reason != reason {
			t.Errorf("%s: %v, want %s", what, err, reason)
		}
	}
	_, err = watch("one", h.URL+"/webhooks/drive", time.Time{})
	refused("an id that there was", "channelIdNotUnique", err)
	_, err = watch("two", "http://lockstep.example/webhooks/drive", time.Time{})
	refused("a plain address", "push.webhookUrlNotHttps", err)
	_, err = watch("two", h.URL, noon.Add(-time.Second))
	refused("an end that is over", "channelExpirationInThePast", err)
	_, err = b.drive.Files.Watch("nowhere", &drive.Channel{Id: "two", Type: "web_hook", Address: h.URL}).Context(t.Context()).Do()
	refused("a file that there is not", "notFound", err)
}

// TestNoticesAreCollected: what changes within the delay is told once, with the state as it is then; an expired channel is silent.
func TestNoticesAreCollected(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var states []string
		status := http.StatusOK
		s := New(Options{Push: PushOptions{Delay: 3 * time.Minute, Transport: roundTrip(func(r *http.Request) *http.Response {
			states = append(states, r.Header.Get("X-Goog-Resource-State"))
			return &http.Response{StatusCode: status, Body: http.NoBody, Request: r}
		})}})
		id := s.AddSpreadsheet("Plan")
		body, err := json.Marshal(map[string]any{"id": "c", "type": "web_hook", "address": "https://lockstep.example/webhooks/drive"})
		if err != nil {
			t.Fatal(err)
		}
		w := httptest.NewRecorder()
		s.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/drive/v3/files/"+id+"/watch", strings.NewReader(string(body))))
		if w.Code != http.StatusOK {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		synctest.Wait()
		typed := func() {
			t.Helper()
			if err := s.Type(id, "Sheet1", "A1", time.Now().String()); err != nil {
				t.Fatal(err)
			}
		}
		expect := func(when string, want ...string) {
			t.Helper()
			synctest.Wait()
			if !slices.Equal(states, want) {
				t.Errorf("%s: %v, want %v", when, states, want)
			}
		}
		for range 10 {
			typed()
			<-time.After(10 * time.Second)
		}
		expect("before the delay is over", "sync")
		<-time.After(81 * time.Second)
		expect("ten changes", "sync", "update")
		if err := s.Trash(id); err != nil {
			t.Fatal(err)
		}
		status = http.StatusNotFound
		<-time.After(4 * time.Minute)
		expect("the bin", "sync", "update", "trash")
		if n := s.Notices(); len(n) != 3 || n[2].Status != http.StatusNotFound || n[2].Number != 3 || n[2].File != id {
			t.Errorf("sent were %+v", n)
		}
		<-time.After(time.Hour)
		typed()
		<-time.After(time.Hour)
		expect("expired", "sync", "update", "trash")
		if open := s.Channels(id); len(open) > 0 {
			t.Errorf("expired, and there: %v", open)
		}
	})
}

type roundTrip func(*http.Request) *http.Response

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r), nil }
