package cells

import (
	"regexp"
	"strings"
)

// Headed are the columns that bear a header: exactly, or, if none does, on the first line of a longer one, or, if none does,
// before instructions in brackets.
func Headed(headers []string, want string) []int {
	want = FoldHeader(want)
	if found := Exactly(headers, want); len(found) > 0 {
		return found
	}
	var found []int
	for i, h := range headers {
		first, _, more := strings.Cut(h, "\n")
		if more && FoldHeader(first) == want {
			found = append(found, i)
		}
	}
	if len(found) > 0 {
		return found
	}
	for i, h := range headers {
		if bare := bareHeader(h); bare != "" && bare == strings.TrimRight(want, " *:") {
			found = append(found, i)
		}
	}
	return found
}

// Exactly are the columns whose header is that one, folded.
func Exactly(headers []string, folded string) []int {
	var found []int
	for i, h := range headers {
		if folded != "" && FoldHeader(h) == folded {
			found = append(found, i)
		}
	}
	return found
}

// bareHeader is a header without the instructions that follow it in brackets, and without the star that stands for required.
func bareHeader(s string) string {
	s = regexp.MustCompile(`\([^()]*\)|\[[^\[\]]*\]`).ReplaceAllString(s, " ")
	return strings.TrimRight(FoldHeader(s), " *:")
}
