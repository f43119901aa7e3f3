package gsheets

import (
	"encoding/csv"
	"strings"
	"testing"

	"github.com/lockstep-sync/lockstep/sync/task"
)

func TestRealDates(t *testing.T) {
	t.Parallel()
	rows, err := csv.NewReader(realData(t, "sheets/rag-and-dates.csv")).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	r := &reader{vocabulary: newVocabulary(Config{}), habits: inLocale("en_GB")}
	read, odd := 0, map[string]bool{}
	for _, row := range rows[1:] {
		for _, s := range row[3:5] {
			v, problem := r.read(task.Due, cell{kind: textCell, text: s})
			digits := strings.ContainsAny(s, "0123456789") && !strings.Contains(strings.ToLower(s), "exempt")
			switch {
			case strings.TrimSpace(s) == "":
				if v != task.Empty(task.Date) {
					t.Errorf("%q reads %v", s, v)
				}
			case digits:
				read++
				d, ok := v.Time()
				if !ok {
					t.Errorf("%q is not read", s)
					continue
				}
				// Each is written in one of three ways, and must give the same digits back.
				if l := strings.TrimSpace(s); d.Format("02/01/2006") != l && d.Format("02.01.06") != l && d.Format("2006-01-02") != l {
					t.Errorf("%q reads %s", s, v)
				}
			default:
				odd[s] = true
				if !v.IsUnreadable() || v.String() != task.TextValue(s).String() || problem.Hint == "" {
					t.Errorf("%q reads %v, %v", s, v, problem)
				}
			}
		}
	}
	if read != 1266 || len(odd) != 13 {
		t.Errorf("%d dates were read and %d other texts held", read, len(odd))
	}
}
