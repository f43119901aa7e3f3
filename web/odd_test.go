package web

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/lockstep-sync/lockstep/sync/task"
)

// TestEveryPageOfMuch: pages of a hundred thousand tasks are right, and no page is longer than somebody's phone bears.
func TestEveryPageOfMuch(t *testing.T) {
	t.Parallel()
	const tasks = 100_000
	s := serve(t, big(tasks), nil)
	open := 0
	for i := range tasks {
		k := bigTask(i)
		if st := k.Agreed[task.Status].String(); st != task.Done && st != task.Cancelled {
			open++
		}
	}
	for _, path := range everyPage() {
		res, page := ask(t, s, "GET", path)
		if res.StatusCode != http.StatusOK || len(page) > 2<<20 {
			t.Errorf("%s answers %s with %d bytes", path, res.Status, len(page))
		}
		lacks(t, page, "%!", "<nil>", "ZgotmplZ", "NaN")
	}
	_, page := ask(t, s, "GET", thePage)
	if want := fmt.Sprintf("<b>%d</b> open", open); !strings.Contains(page, want) {
		t.Errorf("the overview does not count %d open tasks", open)
	}
}

// TestClocksThatJump: whatever the machine's clock says, pages come, and nothing was read in the future or is due in minus three days.
func TestClocksThatJump(t *testing.T) {
	t.Parallel()
	now := noon
	st := lived(t)
	s := serve(t, st, clockOf(t, st, &now))
	minus := regexp.MustCompile(`(?:^|[\s>(])[-−]\d+ (?:s|min|h|days?)\b`)
	for _, days := range []int{0, 400, -30, -4000, 0, 20000, 0} {
		now = noon.AddDate(0, 0, days)
		for _, path := range everyPage() {
			if strings.Contains(path, "/cycles/") {
				continue
			}
			res, page := ask(t, s, "GET", path)
			if res.StatusCode != http.StatusOK {
				t.Errorf("%d days off, %s answers %s", days, path, res.Status)
			}
			lacks(t, page, "%!", "<nil>", "ZgotmplZ", "NaN")
			if bad := minus.FindString(page); bad != "" && !strings.Contains(path, "/t/") {
				i := strings.Index(page, bad)
				t.Errorf("%d days off, %s says …%s…", days, path, page[max(0, i-80):i+len(bad)+20])
			}
		}
	}
	now = noon
	_, before := ask(t, serve(t, lived(t), nil), "GET", thePage)
	if _, after := ask(t, s, "GET", thePage); facts(after) != facts(before) {
		t.Error("after the clock was put right the page says something else than before")
	}
}

// facts is the part of a page that its figures are in.
func facts(page string) string {
	_, rest, _ := strings.Cut(page, `class="tiles"`)
	part, _, _ := strings.Cut(rest, "</table>")
	return part
}
