package google

import (
	"maps"
	"strings"
)

// cellLook is what a tab's rules give a cell beside its own format: the colour of its band, which lies under that, and the
// conditional formats that hold, which lie over it. Two looks with the same key are the same.
type cellLook struct {
	key         string
	band        any // ColorStyle
	conditional map[string]any
}

// lookAt works out the look of one cell. Of the conditional formats the first that sets a property decides it; colour
// scales (gradient rules) are left out.
func (k *calculator) lookAt(t *tab, r, c int) cellLook {
	var out cellLook
	var key strings.Builder
	out.band = t.bandAt(r, c, &key)
	for i, rule := range t.rules {
		b, ok := rule.first(t, r, c)
		boolean := asMap(rule.raw["booleanRule"])
		if !ok || boolean == nil || !k.holds(asMap(boolean["condition"]), t, r, c, b) {
			continue
		}
		key.WriteString("r" + itoa(i))
		out.conditional = under(bothColors(asMap(boolean["format"])), out.conditional)
	}
	out.key = key.String()
	return out
}

// first is the range of the rule that a cell lies in, with the corner of the first one, for which formulas are written.
func (x *ranged) first(t *tab, r, c int) (rect, bool) {
	for _, a := range x.areas {
		if a.rect(t).meets(rect{r, r + 1, c, c + 1}) {
			return x.areas[0].rect(t), true
		}
	}
	return rect{}, false
}

// under fills what top leaves open from below.
func under(below, top map[string]any) map[string]any {
	out := maps.Clone(below)
	if out == nil {
		out = map[string]any{}
	}
	for k, v := range top {
		if in, ok := v.(map[string]any); ok && k == "textFormat" {
			v = under(asMap(out[k]), in)
		}
		out[k] = v
	}
	return out
}

// bandAt is the colour of the band that a cell lies in, nil when there is none.
func (t *tab) bandAt(r, c int, key *strings.Builder) any {
	for i, x := range t.bands {
		b := x.areas[0].rect(t)
		if b.meets(rect{r, r + 1, c, c + 1}) {
			key.WriteString("b" + itoa(i))
			if rows := asMap(x.raw["rowProperties"]); rows != nil {
				return bandColor(rows, r-b.r0, b.rows(), key)
			}
			return bandColor(asMap(x.raw["columnProperties"]), c-b.c0, b.cols(), key)
		}
	}
	for i, x := range t.tables {
		if b := x.at.rect(t); b.meets(rect{r, r + 1, c, c + 1}) {
			key.WriteString("t" + itoa(i))
			return bandColor(x.rows, r-b.r0, b.rows(), key)
		}
	}
	return nil
}

// bandColor picks the colour of the i-th of n rows or columns.
func bandColor(props map[string]any, i, n int, key *strings.Builder) any {
	style := func(name string) any {
		if s := props[name+"Style"]; s != nil {
			return s
		}
		if c := props[name]; c != nil {
			return map[string]any{"rgbColor": c}
		}
		return nil
	}
	header := style("headerColor")
	switch {
	case header != nil && i == 0:
		key.WriteByte('h')
		return header
	case i == n-1 && style("footerColor") != nil:
		key.WriteByte('f')
		return style("footerColor")
	case header != nil:
		i--
	}
	if i%2 == 0 {
		key.WriteByte('1')
		return style("firstBandColor")
	}
	key.WriteByte('2')
	return style("secondBandColor")
}

// dressed reports whether the tab has anything that gives its cells a look.
func (t *tab) dressed() bool { return len(t.bands)+len(t.tables)+len(t.rules) > 0 }

// formatWith is a format with what the look puts under and over it.
func (l cellLook) formatWith(raw map[string]any) map[string]any {
	out := raw
	if l.band != nil && !has(raw, "backgroundColor") && !has(raw, "backgroundColorStyle") {
		out = maps.Clone(raw)
		if out == nil {
			out = map[string]any{}
		}
		out["backgroundColorStyle"] = l.band
		out = bothColors(out)
	}
	if l.conditional != nil {
		out = under(out, l.conditional)
	}
	return out
}
