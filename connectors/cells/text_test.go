package cells_test

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/lockstep-sync/lockstep/connectors/cells"
)

// A folded text folds to itself, and what looks the same folds to the same.
func TestFolding(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.String().Draw(t, "text")
		for name, fold := range map[string]func(string) string{"header": cells.FoldHeader, "name": cells.FoldName, "word": cells.FoldWord} {
			once := fold(s)
			if again := fold(once); again != once {
				t.Fatalf("as a %s %q folds to %q, and that to %q", name, s, once, again)
			}
			if strings.ContainsAny(once, "\n\t\u00A0") || once != strings.TrimSpace(once) {
				t.Fatalf("as a %s %q folds to %q", name, s, once)
			}
			if padded := fold(" " + s + "\u00A0"); padded != once {
				t.Fatalf("as a %s %q folds to %q, and with blanks around it to %q", name, s, once, padded)
			}
		}
	})
	for _, c := range [][3]string{
		{"Échéance\n(JJ/MM)", "échéance (jj/mm)", "echeance jj mm"}, {"L’équipe", "l’équipe", "lequipe"}, {"✅ Done!", "✅ done!", "done"},
	} {
		if cells.FoldHeader(c[0]) != c[1] || cells.FoldWord(c[0]) != c[2] {
			t.Errorf("%q folds to %q and %q; want %q and %q", c[0], cells.FoldHeader(c[0]), cells.FoldWord(c[0]), c[1], c[2])
		}
	}
}

// What comes from outside stands in a sentence as one short line.
func TestQuotes(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		names := rapid.SliceOfN(rapid.String(), 0, 50).Draw(t, "names")
		for _, q := range append([]string{cells.QuoteAll(names)}, cells.Quote(strings.Join(names, "\n"))) {
			if strings.ContainsAny(q, "\n\r\t") || !utf8.ValidString(q) || utf8.RuneCountInString(q) > 31*85 {
				t.Fatalf("%q", q)
			}
		}
	})
	if got := cells.Quote(strings.Repeat("x", 200)); utf8.RuneCountInString(got) != 83 {
		t.Errorf("a long text is quoted as %q", got)
	}
	if got := cells.DidYouMean("Statsu", []string{"Title", "Status"}); got != "; the nearest is “Status”" {
		t.Errorf("it says %q", got)
	}
	if got := cells.DidYouMean("Statsu", nil); got != "" {
		t.Errorf("of no names it says %q", got)
	}
}

func TestHeaded(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		headers []string
		want    string
		at      []int
	}{
		{[]string{"Title", "Status"}, "status", []int{1}},
		{[]string{"Status\nchoose one", "Title"}, "Status", []int{0}},
		{[]string{"Status", "Status\nchoose one"}, "Status", []int{0}}, // exactly goes before
		{[]string{"Deadline (dd/mm/yyyy)", "Title *"}, "Deadline", []int{0}},
		{[]string{"Deadline (dd/mm/yyyy)", "Title *"}, "Title", []int{1}},
		{[]string{"Comments (old)", "Comments [required]"}, "Comments", []int{1}},
		{[]string{"Status", "status "}, "Status", []int{0, 1}},
		{[]string{"", "x"}, "", nil},
		{nil, "Status", nil},
	} {
		if got := cells.Headed(c.headers, c.want); !slices.Equal(got, c.at) {
			t.Errorf("in %q %q is at %v; want %v", c.headers, c.want, got, c.at)
		}
	}
}

func TestParseNumber(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		in    string
		comma bool
		want  string // "" for none
	}{
		{"1 234,5", true, "1234.5"},
		{"1.234,5", true, "1234.5"},
		{"1,234.5", false, "1234.5"},
		{"1,234", false, "1234"},
		{"1,234", true, "1.234"},
		{"1.234", true, "1234"},
		{"0.234", true, "0.234"},
		{"-3", false, "-3"},
		{"1'234'567", false, "1234567"},
		{"3\u202f000", true, "3000"},
		{"7%", false, "0.07"},
		{"-", false, ""},
		{"1-2", false, ""},
		{"", false, ""},
		{"12 à 15", true, ""},
		{"~5", false, ""},
		{"5 %%", false, ""},
		{"1.234", false, "1.234"},
		{"50 %", true, "0.5"},
		{"0,5", false, "0.5"},
		{"1,5", false, "1.5"},
		{"Inf", false, ""},
		{"NaN", false, ""},
		{"0x10", false, ""},
		{"1e5", false, ""},
		{"half", false, ""},
		{"%", false, ""},
		{"--1", false, ""},
	} {
		got := ""
		if n, ok := cells.ParseNumber(c.in, c.comma); ok {
			got = strconv.FormatFloat(n, 'f', -1, 64)
		}
		if got != c.want {
			t.Errorf("%q, comma %v, is %q; want %q", c.in, c.comma, got, c.want)
		}
	}
}

// A number reads back in whatever way its locale groups and separates.
func TestNumbersReadBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		comma := rapid.Bool().Draw(t, "comma")
		n := float64(rapid.IntRange(-1e9, 1e9).Draw(t, "number")) / 100
		text := strconv.FormatFloat(math.Abs(n), 'f', 2, 64)
		whole, part, _ := strings.Cut(text, ".")
		group := rapid.SampledFrom([]string{"", " ", "\u00A0", "\u202F", "'", map[bool]string{true: ".", false: ","}[comma]}).Draw(t, "group")
		for i := len(whole) - 3; i > 0; i -= 3 {
			whole = whole[:i] + group + whole[i:]
		}
		text = whole + map[bool]string{true: ",", false: "."}[comma] + part
		if n < 0 {
			text = "-" + text
		}
		if got, ok := cells.ParseNumber(text, comma); !ok || got != n {
			t.Fatalf("%q reads %v, %v; want %v", text, got, ok, n)
		}
		if got, ok := cells.ParseNumber(text+" %", comma); !ok || math.Abs(got-n/100) > 1e-9*math.Max(1, math.Abs(n)) {
			t.Fatalf("%q %% reads %v, %v", text, got, ok)
		}
	})
}

func TestBools(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][2]bool{
		"TRUE": {true, true}, "Oui\n": {true, true}, "sí": {true, true}, "✔️": {true, true}, "x": {true, true}, "FALSE": {false, true}, "Não": {false, true},
		"❌": {false, true}, "": {}, "maybe": {}, "yes?": {},
	} {
		if yes, ok := cells.ParseBool(text); yes != want[0] || ok != want[1] {
			t.Errorf("%q is %v, %v", text, yes, ok)
		}
	}
}

func TestTaskIDs(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64Range(1, math.MaxInt64).Draw(t, "number")
		id := fmt.Sprint("CW-", n)
		if !cells.IsTaskID(id, "CW") || !cells.IsTaskID(id, "") || cells.IsTaskID(id, "C") || cells.IsTaskID(" "+id, "CW") {
			t.Fatal(id)
		}
	})
	for _, s := range []string{"", "CW", "CW-", "-1", "CW-0", "CW--1", "CW-+1", "CW-042", "CW-4 2", "CW-42-1", "cw-42", "CW-99999999999999999999"} {
		if cells.IsTaskID(s, "CW") {
			t.Errorf("%q is an id", s)
		}
	}
}

func TestSplitSet(t *testing.T) {
	t.Parallel()
	if got := cells.SplitSet("water, health;\n ; school"); len(got) != 3 || strings.TrimSpace(got[1]) != "health" {
		t.Errorf("%q", got)
	}
	if got := cells.SplitSet(" ,;\n"); len(got) != 0 {
		t.Errorf("nothing is %q", got)
	}
}
