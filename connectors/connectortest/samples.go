package connectortest

import (
	"strings"
	"time"

	"github.com/lockstep-sync/lockstep/sync/task"
)

// DefaultValues are values of a field that any tool with an open field of that kind can show: hostile texts, leap days,
// fractions. The slice is the caller's; of no field is it empty.
func DefaultValues(f task.Field) []task.Value {
	switch f {
	case task.Title:
		return texts(lines()...)
	case task.Notes:
		return texts(append(lines(),
			"first line\nsecond line\n\n  indented, after an empty one",
			"a\ttab and  two blanks inside",
			strings.TrimSpace(strings.Repeat("Five thousand characters of minutes. ", 136))[:5000],
		)...)
	case task.Workstream:
		return texts("Water points", "Training", "Überwachung")
	case task.Priority:
		return texts("High", "Medium", "Low")
	case task.Partner:
		return enums("aquafund", "riverton")
	case task.Status:
		return enums(task.Statuses()...)
	case task.Assignee:
		return []task.Value{task.PersonValue("Amina Diallo"), task.PersonValue("Chen Wei"), task.PersonValue("José Núñez")}
	case task.Due, task.Start:
		return []task.Value{day(2026, 3, 1), day(2024, 2, 29), day(1999, 12, 31), day(2026, 10, 25)}
	case task.Progress:
		return []task.Value{number(0.5), number(0), number(1), number(0.07), number(0.3)}
	case task.Labels:
		return []task.Value{task.SetValue("water"), task.SetValue("kibera", "phase-2"), task.SetValue("ÉTÉ", "urgent", "zeta")}
	case task.QuickWin:
		return []task.Value{task.BoolValue(true), task.BoolValue(false)}
	default:
		return texts("one", "two")
	}
}

// lines are single lines of text that have been misread by somebody's spreadsheet, page or query.
func lines() []string {
	return []string{
		"Repair the pump at Kibera school",
		"=1+1",
		`=HYPERLINK("http://evil.example","click")`,
		"+1 555 0100",
		"-5",
		"@everyone",
		"<script>alert(1)</script> & <b>bold</b>",
		"'quoted' \"twice\" \\ and {code} [~admin] *stars* %s $1",
		"🚰 clean water 👩🏾‍🌾",
		"مياه نظيفة للجميع",
		"Crème brûlée à l'œuvre",
		"00123",
		"2026-03-01",
		"TRUE",
		"1e5",
		"#N/A",
		"null",
		`" OR project = "SECRET" --`,
	}
}

func texts(ss ...string) []task.Value {
	vs := make([]task.Value, len(ss))
	for i, s := range ss {
		vs[i] = task.TextValue(s)
	}
	return vs
}

func enums(ss ...string) []task.Value {
	vs := make([]task.Value, len(ss))
	for i, s := range ss {
		vs[i] = task.EnumValue(s)
	}
	return vs
}

func day(y int, m time.Month, d int) task.Value {
	return task.DateValue(time.Date(y, m, d, 0, 0, 0, 0, time.UTC))
}

// number is for constants: only a number that is not finite has no value.
func number(x float64) task.Value {
	v, err := task.NumberValue(x)
	if err != nil {
		panic(err)
	}
	return v
}
