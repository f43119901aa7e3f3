package jira_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/lockstep-sync/lockstep/connectors/sandbox/jira"
)

func (r reply) headers(t *testing.T, want map[string]string) {
	t.Helper()
	for h, v := range want {
		if got := r.header.Get(h); got != v {
			t.Errorf("%s: %q, want %q", h, got, v)
		}
	}
}

func TestBurstByMethod(t *testing.T) {
	t.Parallel()
	c := newClock()
	s := open(t, jira.Options{Now: c.Now, Burst: 5})
	key := s.Add(jira.Seed{Summary: "One"})
	path := "/rest/api/3/issue/" + key
	for range 2 {
		s.do("PUT", path, `{"fields":{"summary":"x"}}`).want(t, 204)
	}
	s.do("PUT", path, `{"fields":{"summary":"y"}}`).want(t, 429).headers(t, map[string]string{
		"RateLimit-Reason": "jira-burst-based", "X-RateLimit-Limit": "2", "Retry-After": "1",
	})
	for range 5 {
		s.do("GET", path, nil).want(t, 200)
	}
	s.do("GET", path, nil).want(t, 429)
	c.Add(time.Second)
	s.do("PUT", path, `{"fields":{"summary":"y"}}`).want(t, 204)
}

func TestLongWindowOfWrites(t *testing.T) {
	t.Parallel()
	c := newClock()
	s := open(t, jira.Options{Now: c.Now, PerIssueWrites: 2, PerIssueWritesLong: 3})
	key, other := s.Add(jira.Seed{Summary: "One"}), s.Add(jira.Seed{Summary: "Two"})
	put := func(key string) reply {
		return s.do("PUT", "/rest/api/3/issue/"+key, `{"fields":{"summary":"x"}}`)
	}
	put(key).want(t, 204)
	put(key).want(t, 204)
	put(key).want(t, 429).headers(t, map[string]string{"RateLimit-Reason": "jira-per-issue-on-write", "Retry-After": "2"})
	c.Add(2 * time.Second)
	put(key).want(t, 204) // what was refused was not counted
	put(key).want(t, 429).headers(t, map[string]string{
		"RateLimit-Reason": "jira-per-issue-on-write", "Retry-After": "28", "X-RateLimit-Reset": "2026-09-14T09:30:30Z", "X-RateLimit-Limit": "3",
	})
	put(other).want(t, 204)
	c.Add(28 * time.Second)
	put(key).want(t, 204)
}

func TestHourlyQuota(t *testing.T) {
	t.Parallel()
	for reason, perTenant := range map[string]bool{"jira-quota-global-based": false, "jira-quota-tenant-based": true} {
		c := newClock()
		s := open(t, jira.Options{Now: c.Now, HourlyPoints: 10, QuotaPerTenant: perTenant})
		for range 3 {
			s.Add(jira.Seed{Summary: "One"})
		}
		search := func() reply {
			return s.do("POST", "/rest/api/3/search/jql", `{"jql":"project = WASH","fields":["summary"]}`)
		}
		// One point for the request and one for each issue.
		search().want(t, 200).headers(t, map[string]string{"X-RateLimit-Limit": "10", "X-RateLimit-Remaining": "6", "X-RateLimit-NearLimit": ""})
		search().want(t, 200).headers(t, map[string]string{"X-RateLimit-Remaining": "2", "X-RateLimit-NearLimit": ""})
		s.do("GET", "/rest/api/3/myself", nil).want(t, 200).headers(t, map[string]string{"X-RateLimit-Remaining": "1", "X-RateLimit-NearLimit": "true"})
		search().want(t, 200) // the last point is enough, whatever it costs
		s.do("GET", "/rest/api/3/myself", nil).want(t, 429).headers(t, map[string]string{
			"RateLimit-Reason": reason, "Retry-After": "1800", "X-RateLimit-Reset": "2026-09-14T10:00:00Z", "X-RateLimit-Remaining": "0", "X-RateLimit-Limit": "10",
		})
		c.Add(30 * time.Minute)
		s.do("GET", "/rest/api/3/myself", nil).want(t, 200)
	}
}

func TestDataCenterLimit(t *testing.T) {
	t.Parallel()
	c := newClock()
	s := open(t, jira.Options{Now: c.Now, DCLimit: jira.DCLimit{Capacity: 3, FillRate: 2, Interval: 10 * time.Second}})
	get := func(accept string) reply {
		return s.as("GET", "/rest/api/2/myself", nil, func(r *http.Request) {
			r.SetBasicAuth(s.Credentials())
			r.Header.Set("Accept", accept)
		})
	}
	want := func(remaining, retry string) map[string]string {
		return map[string]string{
			"X-RateLimit-Limit": "3", "X-RateLimit-Remaining": remaining, "X-RateLimit-FillRate": "2",
			"X-RateLimit-Interval-Seconds": "10", "Retry-After": retry, "RateLimit-Reason": "",
		}
	}
	get("application/json").want(t, 200).headers(t, want("2", "0"))
	c.Add(4 * time.Second)
	get("application/json").want(t, 200).headers(t, want("1", "0"))
	get("application/json").want(t, 200).headers(t, want("0", "6"))
	r := get("application/json").want(t, 429)
	r.headers(t, want("0", "6"))
	if strings.TrimSpace(r.raw) != `{"message":"Rate limit exceeded."}` {
		t.Error(r.raw)
	}
	// A client that does not say that it takes JSON is shown the container's page.
	r = get("*/*").want(t, 429)
	if !strings.HasPrefix(r.header.Get("Content-Type"), "text/html") || !strings.Contains(r.raw, "<h1>") {
		t.Error(r.header, r.raw)
	}
	// Strangers have a bucket of their own, of which they are told nothing.
	r = s.as("GET", "/rest/api/2/serverInfo", nil, func(*http.Request) {}).want(t, 200)
	r.headers(t, map[string]string{"X-RateLimit-Limit": ""})
	c.Add(6 * time.Second)
	get("application/json").want(t, 200).headers(t, want("1", "0"))
	c.Add(time.Hour)
	get("application/json").want(t, 200).headers(t, want("2", "0")) // no more than there is room for
}

func TestTokenExpiresBetweenPages(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		expiry jira.Expiry
		status int
	}{{jira.TokenSilent, 200}, {jira.TokenRefused, 401}} {
		s := open(t, jira.Options{})
		for range 3 {
			s.Add(jira.Seed{Summary: "One"})
		}
		s.ExpireTokenAfter(1, c.expiry)
		page := map[string]any{"jql": "project = WASH", "maxResults": 2}
		r := s.do("POST", "/rest/api/3/search/jql", page).want(t, 200)
		page["nextPageToken"] = r.at("nextPageToken")
		r = s.do("POST", "/rest/api/3/search/jql", page).want(t, c.status)
		if r.header.Get("X-Seraph-LoginReason") != "AUTHENTICATED_FAILED" || c.status == 200 && (r.at("isLast") != true || len(r.list("issues")) != 0) {
			t.Errorf("%v %s", r.header, r.raw)
		}
		s.ExpireToken(jira.TokenGood)
		if got := s.searchKeys("project = WASH"); len(got) != 3 {
			t.Errorf("%v", got)
		}
	}
}
