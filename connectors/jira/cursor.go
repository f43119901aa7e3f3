package jira

import (
	"encoding/json"
	"strconv"
	"time"
)

// cursor is where a pull left off. Moments of Jira's clock and of ours are never compared with each other.
type cursor struct {
	Print    string              `json:"fp"`               // of the filter, the mapping and the people: another one reads everything anew
	High     int64               `json:"high"`             // the newest change that was seen, ms by Jira's clock; 0 where there was no issue
	Seen     int64               `json:"seen"`             // when High was first seen, ms by our clock
	Round    int64               `json:"n,omitempty"`      // grows with each pull that brings something, so that it is known whether it was accounted for
	Names    map[string][]string `json:"status,omitempty"` // folded configured name → ids of the statuses that had it
	Projects []string            `json:"projects,omitempty"`
}

// parseCursor reads a cursor of ours; the zero cursor for any other text.
func parseCursor(s string) cursor {
	var c cursor
	if s == "" || json.Unmarshal([]byte(s), &c) != nil {
		return cursor{}
	}
	return c
}

func (c cursor) String() string {
	b, err := json.Marshal(c)
	if err != nil {
		return "" // reads everything next time
	}
	return string(b)
}

// raised is the cursor with a newer change noted.
func (c cursor) raised(version int64, now time.Time) cursor {
	if version > c.High {
		c.High, c.Seen = version, now.UnixMilli()
	}
	return c
}

// since is from when on changes are asked for, ms by Jira's clock; 0 for all. The index may show a change late, so it
// reaches back behind the newest that was seen, until that much time has passed without a newer one.
func (c cursor) since(now time.Time, overlap time.Duration) int64 {
	if c.High == 0 {
		return 0
	}
	if waited := now.UnixMilli() - c.Seen; waited >= overlap.Milliseconds() {
		return c.High
	}
	return max(c.High-overlap.Milliseconds(), 0)
}

func parseID(s string) (int64, error) { return strconv.ParseInt(s, 10, 64) }

func formatID(id int64) string { return strconv.FormatInt(id, 10) }
