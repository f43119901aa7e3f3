package web

import (
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
)

func TestWebhooks(t *testing.T) {
	t.Parallel()
	var came []string
	s := serve(t, seeded(), func(o *Options) {
		o.AllowedHosts = []string{"localhost"}
		o.Webhooks = map[string]http.Handler{
			"aquafund-jira": http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				b, err := io.ReadAll(r.Body)
				if err != nil {
					t.Error(err)
				}
				came = append(came, string(b))
				w.WriteHeader(http.StatusNoContent)
			}),
			"off-jira": nil,
		}
	})
	for _, tc := range []struct {
		method, path string
		header       []string
		status       int
	}{
		{"POST", "/webhooks/jira/aquafund-jira", nil, http.StatusNoContent},
		{"POST", "/webhooks/jira/aquafund-jira?user_id=admin&user_key=admin", nil, http.StatusNoContent},
		{"POST", "/webhooks/jira/aquafund-jira", []string{"Origin", "https://aquafund.atlassian.net", "Sec-Fetch-Site", "cross-site"}, http.StatusNoContent},
		{"GET", "/webhooks/jira/aquafund-jira", nil, http.StatusMethodNotAllowed},
		{"HEAD", "/webhooks/jira/aquafund-jira", nil, http.StatusMethodNotAllowed},
		{"PUT", "/webhooks/jira/aquafund-jira", nil, http.StatusMethodNotAllowed},
		{"POST", "/webhooks/jira/nobody", nil, http.StatusNotFound},
		{"POST", "/webhooks/jira/off-jira", nil, http.StatusNotFound},
		{"GET", "/webhooks/jira/nobody", nil, http.StatusNotFound},
		{"POST", "/webhooks/jira/aquafund-jira%2F..", nil, http.StatusNotFound},
		{"POST", "/webhooks/jira/%3Cscript%3E", nil, http.StatusNotFound},
	} {
		r := httptest.NewRequestWithContext(t.Context(), tc.method, "https://lockstep.public.example"+tc.path, strings.NewReader("body"))
		for i := 0; i+1 < len(tc.header); i += 2 {
			r.Header.Set(tc.header[i], tc.header[i+1])
		}
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if w.Code != tc.status || w.Body.Len() > 0 {
			t.Errorf("%s %s: %d with %q, want %d and nothing", tc.method, tc.path, w.Code, w.Body, tc.status)
		}
		if h := w.Header(); h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Cache-Control") != "no-store" || h.Get("Set-Cookie") != "" {
			t.Errorf("%s %s: headers %v", tc.method, tc.path, h)
		}
		if allow := w.Header().Get("Allow"); (allow == "POST") != (tc.status == http.StatusMethodNotAllowed) {
			t.Errorf("%s %s: allows %q", tc.method, tc.path, allow)
		}
	}
	if !slices.Equal(came, []string{"body", "body", "body"}) {
		t.Errorf("the source got %q", came)
	}
	// The pages keep their own rules.
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "https://lockstep.public.example"+thePage, http.NoBody)
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	if w.Code != http.StatusMisdirectedRequest {
		t.Errorf("a page of another host: %d", w.Code)
	}
}

func TestWebhookPathIsServed(t *testing.T) {
	t.Parallel()
	s := serve(t, seeded(), func(o *Options) {
		o.Webhooks = map[string]http.Handler{"a-b_c": http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })}
	})
	if res, _ := ask(t, s, "POST", WebhookPath("a-b_c")); res.StatusCode != http.StatusTeapot {
		t.Errorf("answer %s", res.Status)
	}
}

// TestDriveNotices: Google's way in is open to POST alone, from anywhere, and is not there where nobody takes notices.
func TestDriveNotices(t *testing.T) {
	t.Parallel()
	took := 0
	for _, tc := range []struct {
		handler       bool
		method, path  string
		status, atEnd int
	}{
		{false, "POST", DrivePath, http.StatusNotFound, 0},
		{true, "POST", DrivePath, http.StatusOK, 1},
		{true, "GET", DrivePath, http.StatusMethodNotAllowed, 1},
		{true, "PUT", DrivePath, http.StatusMethodNotAllowed, 1},
		{true, "POST", DrivePath + "?x=1", http.StatusOK, 2},
	} {
		s := serve(t, seeded(), func(o *Options) {
			o.AllowedHosts = []string{"localhost"}
			if tc.handler {
				o.Drive = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { took++; w.WriteHeader(http.StatusOK) })
			}
		})
		r := httptest.NewRequestWithContext(t.Context(), tc.method, "https://lockstep.public.example"+tc.path, strings.NewReader("body"))
		r.Header.Set("Sec-Fetch-Site", "cross-site")
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if w.Code != tc.status || took != tc.atEnd || w.Body.Len() > 0 {
			t.Errorf("%s %s: %d, %d taken; want %d, %d", tc.method, tc.path, w.Code, took, tc.status, tc.atEnd)
		}
	}
}
