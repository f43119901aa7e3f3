package gdocs

import (
	"time"

	"google.golang.org/api/docs/v1"
)

// dayOf is the calendar day that a date chip shows, "" where it holds none. A chip is a point in time and a zone.
func dayOf(p *docs.DateElementProperties) string {
	at, err := time.Parse(time.RFC3339Nano, p.Timestamp)
	if err != nil {
		return ""
	}
	if zone, err := time.LoadLocation(p.TimeZoneId); err == nil {
		at = at.In(zone)
	}
	return at.Format(time.DateOnly)
}
