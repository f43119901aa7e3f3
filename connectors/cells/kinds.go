package cells

import (
	"slices"
	"strconv"
	"strings"
)

// ParseBool reads a word for yes or no, in the languages that sheets are written in; ok is false where it is neither.
func ParseBool(s string) (yes, ok bool) {
	switch FoldName(s) {
	case "true", "yes", "y", "oui", "o", "si", "ja", "j", "sim", "vrai", "verdadero", "wahr", "verdadeiro", "x", "✓", "✔", "✔️", "☑", "☑️", "✅":
		return true, true
	case "false", "no", "n", "non", "nein", "nao", "faux", "falso", "falsch", "✗", "✘", "❌", "☐":
		return false, true
	}
	return false, false
}

// IsTaskID reports that a text is a task's id of the partnership with that key: CW-42. With "" any such id is.
func IsTaskID(s, key string) bool {
	before, number, ok := strings.Cut(s, "-")
	if !ok || key != "" && before != key || before == "" {
		return false
	}
	n, err := strconv.ParseInt(number, 10, 64)
	return err == nil && n > 0 && strconv.FormatInt(n, 10) == number
}

// OrderIn is the order in which a column's days in digits are written: as its header asks, else as the days say that can be
// read in one order only. Days that contradict that, or each other, leave only those that have one reading.
func OrderIn(header string, column []string) DateOrder {
	order := DeclaredOrder(header)
	for _, s := range column {
		switch o := DecidedOrder(s); {
		case o == UnknownOrder:
		case order == UnknownOrder:
			order = o
		case order != o:
			return Disputed
		}
	}
	return order
}

// SplitSet splits a list that people wrote into one cell.
func SplitSet(s string) []string {
	return slices.DeleteFunc(strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune(",;\n\r", r) }), func(s string) bool {
		return strings.TrimSpace(s) == ""
	})
}
