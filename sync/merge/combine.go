package merge

import (
	"slices"
	"strings"

	"github.com/lockstep-sync/lockstep/sync/task"
)

// combined is the first claim's text with what the other claims added to theirs: lines that stand in neither their base nor
// the text so far. What was added above all else comes on top, the rest at the end. A line that a loser took out or changed
// stays as the first claim has it.
func combined(sides []Side, order []int, f task.Field) task.Value {
	text := linesOf(sides[order[0]].Now[f])
	for _, i := range order[1:] {
		above, below := added(linesOf(sides[i].Base[f]), linesOf(sides[i].Now[f]))
		there := func(line string) bool { return slices.Contains(text, line) }
		above, below = slices.DeleteFunc(above, there), slices.DeleteFunc(below, there)
		text = slices.Concat(above, text, below)
	}
	return task.TextValue(strings.Join(text, "\n"))
}

// added are the lines of now that base does not have: those before the first line that it has, and the others. Blank lines
// are left out.
func added(base, now []string) (above, below []string) {
	old := false
	for _, l := range now {
		switch {
		case slices.Contains(base, l):
			old = true
		case strings.TrimSpace(l) == "":
		case old:
			below = append(below, l)
		default:
			above = append(above, l)
		}
	}
	if !old {
		return nil, above // nothing of the base is left: it is another text
	}
	return above, below
}

func linesOf(v task.Value) []string {
	if v.IsEmpty() {
		return nil
	}
	return strings.Split(v.String(), "\n")
}
