package gsheets

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/lockstep-sync/lockstep/sync/task"
)

// A text that is longer than a cell takes is shown cut, and says so itself: at its end stands a mark with the sum of what
// stands before it. Read back as it was written, it is what the sheet shows for the whole text, so nobody's word. If somebody edits
// it, the sum is wrong, and what they made of it is held: as the whole text it would take away what the cell never showed.
const (
	cutHead = "[Lockstep cut this text, which is longer than a cell takes. Edit it in the other tool. "
	cutTail = "]"
)

func cutSum(kept string) string {
	sum := sha256.Sum256([]byte(kept))
	return hex.EncodeToString(sum[:4])
}

// shorten is a text as a cell shows it: without control characters, and cut and marked where it is too long.
func shorten(s string) string {
	s = task.TextValue(printable(s)).String()
	if cut(s, maxText) == s {
		return s
	}
	kept := task.TextValue(cut(s, maxText-len("\n"+cutHead+"12345678"+cutTail))).String()
	return kept + "\n" + cutHead + cutSum(kept) + cutTail
}

// readText reads a text. One that bears the mark and is not what was written with it is none; hint then says what to do.
func readText(s string) (v task.Value, hint string) {
	v = task.TextValue(s)
	at := strings.LastIndex(v.String(), cutHead)
	if at < 0 {
		return v, ""
	}
	kept := task.TextValue(v.String()[:at]).String()
	if v.String() == kept+"\n"+cutHead+cutSum(kept)+cutTail {
		return v, ""
	}
	return task.Value{}, "this text was cut, for it is longer than a cell takes, and was edited here: undo that (File, Version history) and edit the " +
		"whole text in the other tool; or delete the line that begins with [Lockstep, and what stands here is the whole text from now on"
}
