package jira_test

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/lockstep-sync/lockstep/connectors/sandbox/jira"
)

func number(t *testing.T, text string) int64 {
	t.Helper()
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestEachChangeHasItsLag: search shows the newest change whose lag is over, never goes back, and whoever asks to have an
// issue reconciled sees it as it is.
func TestEachChangeHasItsLag(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		c := newClock()
		lags := map[string]time.Duration{}
		s := open(t, jira.Options{Now: c.Now, LagOf: func(id int64, change int) time.Duration { return lags[fmt.Sprint(id, " ", change)] }})
		type change struct {
			seen time.Time
			text string // "" after a deletion
		}
		changes := map[int64][]change{}
		id := map[string]int64{}
		shown := map[int64]int{}
		next := int64(10000)
		for step := range rapid.IntRange(1, 30).Draw(rt, "steps") {
			text := fmt.Sprint("text ", step)
			lag := time.Duration(rapid.IntRange(0, 9).Draw(rt, "lag")) * time.Second
			keys := s.Keys()
			order := func(of int64) {
				lags[fmt.Sprint(of, " ", len(changes[of])+1)] = lag
			}
			switch op := rapid.IntRange(0, 4).Draw(rt, "op"); {
			case op == 0 || len(keys) == 0:
				next++
				order(next)
				id[s.Add(jira.Seed{Summary: text})] = next
				changes[next] = append(changes[next], change{c.Now().Add(lag), text})
			case op == 1 || op == 2:
				k := rapid.SampledFrom(keys).Draw(rt, "key")
				order(id[k])
				if op == 2 {
					text = ""
					if err := s.Delete(k); err != nil {
						rt.Fatal(err)
					}
				} else if err := s.Set(k, map[string]any{"summary": text}); err != nil {
					rt.Fatal(err)
				}
				changes[id[k]] = append(changes[id[k]], change{c.Now().Add(lag), text})
			default:
				c.Add(time.Duration(rapid.IntRange(0, 4000).Draw(rt, "wait")) * time.Millisecond)
			}
			want := map[string]string{}
			var all []int64
			for i, list := range changes {
				all = append(all, i)
				for n, ch := range list {
					if ch.seen.After(c.Now()) {
						continue
					}
					if shown[i] > n+1 {
						continue
					}
					shown[i] = n + 1
				}
				if n := shown[i]; n > 0 && list[n-1].text != "" {
					want[fmt.Sprint(i)] = list[n-1].text
				}
			}
			if got := s.summaries(nil); fmt.Sprint(got) != fmt.Sprint(want) {
				rt.Fatalf("search shows %v, want %v", got, want)
			}
			now := map[string]string{}
			for i, list := range changes {
				if last := list[len(list)-1].text; last != "" {
					now[fmt.Sprint(i)] = last
				}
			}
			if got := s.summaries(all); fmt.Sprint(got) != fmt.Sprint(now) {
				rt.Fatalf("reconciled, search shows %v, want %v", got, now)
			}
		}
	})
}

func (s *site) summaries(fresh []int64) map[string]string {
	s.t.Helper()
	r := s.do("POST", "/rest/api/3/search/jql", map[string]any{
		"jql": "project = WASH", "fields": []string{"summary"}, "maxResults": 100, "reconcileIssues": fresh,
	}).want(s.t, 200)
	out := map[string]string{}
	for n := range r.list("issues") {
		out[r.at("issues", n, "id").(string)] = r.at("issues", n, "fields", "summary").(string)
	}
	return out
}

func TestSkewedClock(t *testing.T) {
	t.Parallel()
	c := newClock()
	s := open(t, jira.Options{Now: c.Now, Skew: -7 * time.Minute})
	key := s.Add(jira.Seed{Summary: "One"})
	want := c.Now().Add(-7 * time.Minute)
	if v, _ := s.Issue(key); !v.Updated.Equal(want) {
		t.Errorf("updated %v, want %v", v.Updated, want)
	}
	r := s.do("GET", "/rest/api/3/serverInfo", nil).want(t, 200)
	if r.at("serverTime") != "2026-09-14T09:23:00.000+0000" || r.header.Get("Date") != "Mon, 14 Sep 2026 09:23:00 GMT" {
		t.Errorf("%s, Date %s", r.raw, r.header.Get("Date"))
	}
	if got := s.searchKeys("updated >= 1789377780000"); len(got) != 1 {
		t.Errorf("the server's own time does not find what it stamped: %v", got)
	}
}
