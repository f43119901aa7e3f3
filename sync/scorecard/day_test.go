package scorecard

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/lockstep-sync/lockstep/sync/task"
)

type fataler interface {
	Fatalf(format string, args ...any)
}

// Days are what the calendar of the standard library says, from year 1 to 9999.
func TestDays(t *testing.T) {
	t.Parallel()
	check := func(t fataler, at time.Time) {
		v := task.DateValue(at)
		got, ok := dayOf(v)
		if want := at.Unix() / secondsPerDay; !ok || int64(got) != want {
			t.Fatalf("%s is day %d, %v; want %d", v, got, ok, want)
		}
		if got.value() != v || dayIn(at, time.UTC) != got || got.weekday() != at.Weekday() {
			t.Fatalf("%s comes back as %s, %s", v, got.value(), got.weekday())
		}
	}
	for _, s := range []string{"0001-01-01", "1970-01-01", "1969-12-31", "2000-02-29", "2024-02-29", "2024-03-01", "2100-02-28", "9999-12-31"} {
		at, err := time.Parse(time.DateOnly, s)
		if err != nil {
			t.Fatal(err)
		}
		check(t, at)
	}
	rapid.Check(t, func(t *rapid.T) {
		check(t, time.Date(1, 1, 1+rapid.IntRange(0, 3652058).Draw(t, "days"), 0, 0, 0, 0, time.UTC))
	})
	for _, v := range []task.Value{{}, task.Empty(task.Date), task.TextValue("2026-03-01"), task.UnreadableValue("2026-03-01")} {
		if d, ok := dayOf(v); ok {
			t.Errorf("%s %q is day %d", v.Kind(), v, d)
		}
	}
	if v := day(5_000_000).value(); !v.IsEmpty() {
		t.Errorf("a day that no date can hold is %s", v)
	}
	for first := time.Sunday; first <= time.Saturday; first++ {
		for d := day(20000); d < 20007; d++ {
			if s := d.weekStart(first); s.weekday() != first || s > d || s <= d-7 {
				t.Errorf("the week of day %d begins on day %d", d, s)
			}
		}
	}
}

// Of twenty trials, the 10th is the 50th percentile, the 17th the 85th, and the 19th the 95th.
func TestPercentiles(t *testing.T) {
	t.Parallel()
	c := &computer{today: civil(2026, 3, 4)}
	f := Forecast{horizon: 18, trials: []int32{20, 3, 17, 1, 9, 12, 5, 19, 2, 14, 7, 11, 4, 16, 8, 18, 6, 13, 10, 15}}
	c.percentiles(&f)
	if f.P50 != (c.today+70).value() || f.P85 != (c.today+119).value() || !f.P95.IsEmpty() { // 19 weeks are beyond the horizon
		t.Errorf("%s, %s, %s", f.P50, f.P85, f.P95)
	}
}

// The first numbers that the published algorithm gives for the seed 1234567.
func TestSequence(t *testing.T) {
	t.Parallel()
	s := sequence(1234567)
	for i, want := range []uint64{6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431, 16408922859458223821} {
		if got := s.next(); got != want {
			t.Errorf("number %d is %d; want %d", i, got, want)
		}
	}
}
