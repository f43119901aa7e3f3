package web

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// palette reads the colours that a block of the style sheet declares.
func palette(t *testing.T, css string) map[string]string {
	t.Helper()
	out := make(map[string]string)
	for _, m := range regexp.MustCompile(`--([a-z-]+): (#[0-9a-f]{6});`).FindAllStringSubmatch(css, -1) {
		out[m[1]] = m[2]
	}
	return out
}

// luminance is the relative luminance of WCAG 2.2.
func luminance(t *testing.T, hex string) float64 {
	t.Helper()
	var parts [3]float64
	for i := range parts {
		n, err := strconv.ParseUint(hex[1+2*i:3+2*i], 16, 8)
		if err != nil {
			t.Fatalf("%q is no colour: %v", hex, err)
		}
		if c := float64(n) / 255; c <= 0.04045 {
			parts[i] = c / 12.92
		} else {
			parts[i] = math.Pow((c+0.055)/1.055, 2.4)
		}
	}
	return 0.2126*parts[0] + 0.7152*parts[1] + 0.0722*parts[2]
}

func contrast(t *testing.T, a, b string) float64 {
	t.Helper()
	x, y := luminance(t, a), luminance(t, b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

func TestColoursCanBeRead(t *testing.T) {
	t.Parallel()
	b, err := files.ReadFile("assets/css/00-base.css")
	if err != nil {
		t.Fatal(err)
	}
	lightCSS, rest, _ := strings.Cut(string(b), "@media screen and (prefers-color-scheme: dark)")
	darkCSS, _, _ := strings.Cut(rest, "* { box-sizing")
	if got := contrast(t, "#ffffff", "#000000"); math.Abs(got-21) > 0.01 {
		t.Fatalf("black on white has a contrast of %.2f", got)
	}
	for name, css := range map[string]string{"light": lightCSS, "dark": darkCSS} {
		c := palette(t, css)
		check := func(what, on string, least float64) {
			t.Helper()
			if c[what] == "" || c[on] == "" {
				t.Fatalf("the %s theme has no %s or no %s", name, what, on)
			}
			if got := contrast(t, c[what], c[on]); got < least {
				t.Errorf("%s: %s on %s has a contrast of %.2f; want %.1f", name, what, on, got, least)
			}
		}
		for text, grounds := range map[string][]string{
			"ink": {"bg", "card", "sunk", "bad-bg", "warn-bg", "mark"}, "muted": {"bg", "card", "sunk", "bad-bg", "warn-bg", "ok-bg", "mark"}, "link": {"bg", "card", "sunk", "warn-bg", "mark"},
			"bad": {"bg", "card", "sunk", "bad-bg", "mark"}, "warn": {"card", "sunk", "warn-bg", "mark"}, "ok": {"bg", "card", "sunk", "ok-bg"}, "onbrand": {"brand"},
		} {
			for _, on := range grounds {
				check(text, on, 4.5)
			}
		}
		for _, part := range []string{"focus", "edge"} { // what is not text needs 3 to 1
			check(part, "bg", 3)
			check(part, "card", 3)
		}
	}
}
