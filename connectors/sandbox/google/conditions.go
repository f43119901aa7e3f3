package google

import (
	"math"
	"net/mail"
	"net/url"
	"strings"
)

// holds reports whether a BooleanCondition is true of a cell. origin is the first cell of the range that the condition is
// on: a custom formula is written for it and shifts along. A kind of condition that is not known is never true.
func (k *calculator) holds(cond map[string]any, t *tab, r, c int, origin rect) bool {
	kind := asString(cond["type"])
	v := k.value(t, r, c)
	arg := func(i int) value { return k.conditionValue(cond, i, t, r-origin.r0, c-origin.c0) }
	shown := func() string {
		x := t.at(r, c)
		if x == nil {
			return ""
		}
		return strings.ToLower(display(v, effectiveOf(x.f, k.result(t, r, c).numType), k.l))
	}
	word := func() string { return strings.ToLower(display(arg(0), nil, k.l)) }
	switch kind {
	case "BLANK":
		return v.kind == blank
	case "NOT_BLANK":
		return v.kind != blank
	case "TEXT_EQ":
		return v.kind != blank && shown() == word()
	case "TEXT_NOT_EQ":
		return shown() != word()
	case "TEXT_CONTAINS":
		return v.kind != blank && strings.Contains(shown(), word())
	case "TEXT_NOT_CONTAINS":
		return !strings.Contains(shown(), word())
	case "TEXT_STARTS_WITH":
		return v.kind != blank && strings.HasPrefix(shown(), word())
	case "TEXT_ENDS_WITH":
		return v.kind != blank && strings.HasSuffix(shown(), word())
	case "TEXT_IS_EMAIL":
		a, err := mail.ParseAddress(v.str)
		return v.kind == text && err == nil && a.Address == v.str
	case "TEXT_IS_URL":
		u, err := url.Parse(v.str)
		return v.kind == text && err == nil && u.Host != ""
	case "ONE_OF_LIST":
		for i := range asList(cond["values"]) {
			if s := strings.ToLower(display(arg(i), nil, k.l)); v.kind != blank && s == shown() || v.kind != blank && arg(i).compare(v) == 0 {
				return true
			}
		}
		return false
	case "BOOLEAN":
		if len(asList(cond["values"])) == 0 {
			return v.kind == boolean
		}
		return arg(0).compare(v) == 0 || len(asList(cond["values"])) > 1 && arg(1).compare(v) == 0
	case "CUSTOM_FORMULA":
		got := arg(0)
		return (got.kind == boolean || got.kind == number) && got.num != 0
	}
	if v.kind != number {
		return false
	}
	day := func(i int) float64 { return math.Floor(k.conditionMoment(cond, i, t, r-origin.r0, c-origin.c0)) }
	today := math.Floor(v.num)
	switch a := arg(0); kind {
	case "NUMBER_EQ":
		return v.num == a.num
	case "NUMBER_NOT_EQ":
		return v.num != a.num
	case "NUMBER_GREATER":
		return v.num > a.num
	case "NUMBER_GREATER_THAN_EQ":
		return v.num >= a.num
	case "NUMBER_LESS":
		return v.num < a.num
	case "NUMBER_LESS_THAN_EQ":
		return v.num <= a.num
	case "NUMBER_BETWEEN":
		return v.num >= a.num && v.num <= arg(1).num
	case "NUMBER_NOT_BETWEEN":
		return v.num < a.num || v.num > arg(1).num
	case "DATE_EQ":
		return today == day(0)
	case "DATE_NOT_EQ":
		return today != day(0)
	case "DATE_BEFORE":
		return today < day(0)
	case "DATE_AFTER":
		return today > day(0)
	case "DATE_ON_OR_BEFORE":
		return today <= day(0)
	case "DATE_ON_OR_AFTER":
		return today >= day(0)
	case "DATE_BETWEEN":
		return today >= day(0) && today <= day(1)
	case "DATE_NOT_BETWEEN":
		return today < day(0) || today > day(1)
	case "DATE_IS_VALID":
		x := t.at(r, c)
		return x != nil && x.f.isDate()
	}
	return false
}

// conditionValue is what the condition's i-th value comes to: a formula is worked out, anything else read as if typed.
func (k *calculator) conditionValue(cond map[string]any, i int, t *tab, rows, cols int) value {
	values := asList(cond["values"])
	if i >= len(values) {
		return value{}
	}
	s := asString(asMap(values[i])["userEnteredValue"])
	if strings.HasPrefix(s, "=") {
		return k.evaluate(t, shiftRefs(s, rows, cols)).v
	}
	return typedText(s, k.l, false, k.now).v
}

// conditionMoment is the i-th value as a day, which may be given in words.
func (k *calculator) conditionMoment(cond map[string]any, i int, t *tab, rows, cols int) float64 {
	values := asList(cond["values"])
	if i < len(values) {
		today := serialOf(k.now)
		switch asString(asMap(values[i])["relativeDate"]) {
		case "TODAY":
			return today
		case "TOMORROW":
			return today + 1
		case "YESTERDAY":
			return today - 1
		case "PAST_WEEK":
			return today - 7
		case "PAST_MONTH":
			return serialOf(k.now.AddDate(0, -1, 0))
		case "PAST_YEAR":
			return serialOf(k.now.AddDate(-1, 0, 0))
		}
	}
	return k.conditionValue(cond, i, t, rows, cols).num
}

// conditionArguments says how many values each kind of condition takes, at least and at most.
var conditionArguments = map[string][2]int{
	"NUMBER_GREATER": {1, 1}, "NUMBER_GREATER_THAN_EQ": {1, 1}, "NUMBER_LESS": {1, 1}, "NUMBER_LESS_THAN_EQ": {1, 1},
	"NUMBER_EQ": {1, 1}, "NUMBER_NOT_EQ": {1, 1 << 30}, "NUMBER_BETWEEN": {2, 2}, "NUMBER_NOT_BETWEEN": {2, 2},
	"TEXT_CONTAINS": {1, 1}, "TEXT_NOT_CONTAINS": {1, 1}, "TEXT_STARTS_WITH": {1, 1}, "TEXT_ENDS_WITH": {1, 1}, "TEXT_EQ": {1, 1 << 30},
	"TEXT_IS_EMAIL": {0, 0}, "TEXT_IS_URL": {0, 0}, "DATE_EQ": {1, 1 << 30}, "DATE_BEFORE": {1, 1}, "DATE_AFTER": {1, 1},
	"DATE_ON_OR_BEFORE": {1, 1}, "DATE_ON_OR_AFTER": {1, 1}, "DATE_BETWEEN": {2, 2}, "DATE_NOT_BETWEEN": {2, 2}, "DATE_IS_VALID": {0, 0},
	"ONE_OF_RANGE": {1, 1}, "ONE_OF_LIST": {1, 1 << 30}, "BLANK": {0, 0}, "NOT_BLANK": {0, 0}, "CUSTOM_FORMULA": {1, 1},
	"BOOLEAN": {0, 2}, "TEXT_NOT_EQ": {1, 1 << 30}, "DATE_NOT_EQ": {1, 1 << 30}, "FILTER_EXPRESSION": {1, 1},
}

// checkCondition refuses a BooleanCondition that is none: a kind that is not set, or too few or too many values.
func checkCondition(cond map[string]any, where string) error {
	kind := asString(cond["type"])
	n, known := conditionArguments[kind]
	if !known {
		return invalid("%s.condition.type must be set", where)
	}
	switch got := len(asList(cond["values"])); {
	case got < n[0] && n[1] > n[0]:
		return invalid("%s conditions require at least one value", kind)
	case got < n[0] || got > n[1]:
		return invalid("ConditionType '%s' requires exactly %d ConditionValues, but there are %d", kind, n[0], got)
	}
	if kind == "CUSTOM_FORMULA" && !strings.HasPrefix(asString(asMap(asList(cond["values"])[0])["userEnteredValue"]), "=") {
		return invalid("Invalid ConditionValue.userEnteredValue: a custom formula must start with '='.")
	}
	return nil
}
