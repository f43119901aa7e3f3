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
// What is in brackets otherwise, as in "Comments (old)", makes it another header.
func bareHeader(s string) string {
	s = Brackets().ReplaceAllStringFunc(s, func(b string) string {
		if instructs(b[1 : len(b)-1]) {
			return " "
		}
		return b
	})
	return strings.TrimRight(FoldHeader(s), " *:")
}

// Brackets finds what stands in brackets in a header.
func Brackets() *regexp.Regexp { return regexp.MustCompile(`\([^()]*\)|\[[^\[\]]*\]`) }

// instructs reports that a text tells people how to fill in a column, and not which of two columns this is.
func instructs(s string) bool {
	s = FoldName(s)
	if regexp.MustCompile(`^(dd?|jj?|tt?|gg?|mm?|yyyy|aaaa|jjjj|yy)[/. -](dd?|jj?|mm?|mmm)\b`).MatchString(s) {
		return true
	}
	for _, w := range strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune(" ,;:.!", r) }) {
		switch w {
		case "choose", "select", "pick", "dropdown", "drop-down", "please", "required", "mandatory", "optional", "format", "eg", "e.g", "yes/no", "y/n",
			"choisir", "selectionner", "obligatoire", "facultatif", "indiquer", "preciser", "ex", "oui/non", "o/n", "elegir", "seleccionar", "obligatorio", "opcional",
			"si/no", "wahlen", "auswahlen", "bitte", "pflicht", "pflichtfeld", "ja/nein", "escolher", "selecionar", "sim/nao":
			return true
		}
	}
	return s == "%"
}
