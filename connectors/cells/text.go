package cells

import (
	"strings"
	"unicode"

	"github.com/adrg/strutil"
	"github.com/adrg/strutil/metrics"
	"golang.org/x/text/unicode/norm"

	"github.com/lockstep-sync/lockstep/sync/task"
)

// FoldHeader is the form in which headers are compared: case, line breaks and runs of blanks carry no meaning.
func FoldHeader(s string) string {
	s = strings.ToLower(strings.Join(strings.Fields(task.TextValue(s).String()), " "))
	return norm.NFC.String(s) // small letters may combine where capital ones do not
}

// FoldName is the form in which people and partners are compared: accents carry no meaning either.
func FoldName(s string) string {
	marked := norm.NFD.String(FoldHeader(s))
	plain := strings.Map(func(r rune) rune {
		switch {
		case unicode.Is(unicode.Mn, r):
			return -1
		case r == '’':
			return '\''
		}
		return r
	}, marked)
	if len(plain) != len(marked) {
		plain = FoldHeader(plain) // an accent may have stood on a blank
	}
	return norm.NFC.String(plain)
}

// FoldWord is the form in which words of a closed list are compared: only letters and digits count.
func FoldWord(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.Is(unicode.Mc, r):
			return r
		case r == '\'' || r == 0x200D || r == 0xFE0F:
			return -1
		}
		return ' '
	}, FoldName(s))
	return strings.Join(strings.Fields(s), " ")
}

// Nearest is the name that looks most like s, "" where there are no names.
func Nearest(s string, names []string) string {
	best, score := "", -1.0
	for _, n := range names {
		if x := Similarity(FoldName(s), FoldName(n)); x > score {
			best, score = n, x
		}
	}
	return best
}

// Similarity of two texts is 1 where they are equal, and 0 where they share nothing.
func Similarity(a, b string) float64 { return strutil.Similarity(a, b, metrics.NewLevenshtein()) }

// DidYouMean is the end of a hint that names the nearest name, "" where there is none.
func DidYouMean(s string, names []string) string {
	if n := Nearest(s, names); n != "" {
		return "; the nearest is " + Quote(n)
	}
	return ""
}

// Quote puts a text from outside into a sentence: short and on one line.
func Quote(s string) string {
	s = strings.Join(strings.Fields(strings.ToValidUTF8(s, "\uFFFD")), " ")
	if r := []rune(s); len(r) > 80 {
		s = string(r[:80]) + "…"
	}
	return "“" + s + "”"
}

// QuoteAll lists names in a sentence, and says how many it leaves out.
func QuoteAll(names []string) string {
	const most = 30
	out := make([]string, 0, min(len(names), most)+1)
	for i, n := range names {
		if i == most {
			out = append(out, "…")
			break
		}
		out = append(out, Quote(n))
	}
	return strings.Join(out, ", ")
}
