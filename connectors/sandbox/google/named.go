package google

import (
	"regexp"
	"slices"
	"strings"
)

var rangeName = regexp.MustCompile(`^[\p{L}_][\p{L}\p{N}_.]{0,249}$`)

// namedRange finds a named range by its id.
func (w *workbook) namedRange(id string) (*ranged, error) {
	for _, n := range w.named {
		if n.key == id {
			return n, nil
		}
	}
	return nil, invalid("No named range with id: %s", id)
}

// rangeNamed finds a named range by its name, without regard to case; nil when there is none.
func (w *workbook) rangeNamed(name string) *ranged {
	for _, n := range w.named {
		if strings.EqualFold(asString(n.raw["name"]), name) {
			return n
		}
	}
	return nil
}

// checkRangeName refuses a name that reads as something else, or that another range has.
func (w *workbook) checkRangeName(name string, of *ranged) error {
	_, _, isRef := corner(name)
	if !rangeName.MatchString(name) || isRef && strings.ContainsAny(name, "0123456789") || strings.EqualFold(name, "true") || strings.EqualFold(name, "false") {
		return invalid("Invalid name: %s", name)
	}
	if o := w.rangeNamed(name); o != nil && o != of {
		return invalid("A named range with the name \"%s\" already exists.", name)
	}
	return nil
}

func (b *batch) addNamedRange(in map[string]any) (map[string]any, error) {
	p := asMap(in["namedRange"])
	_, a, err := b.area(p["range"])
	if err != nil {
		return nil, err
	}
	name := asString(p["name"])
	if err := b.w.checkRangeName(name, nil); err != nil {
		return nil, err
	}
	x := &ranged{key: asString(p["namedRangeId"]), areas: []area{a}, raw: map[string]any{"name": name}}
	if x.key == "" {
		x.key = itoa(b.w.nextID())
	} else if _, err := b.w.namedRange(x.key); err == nil {
		return nil, invalid("A named range with the id %s already exists.", x.key)
	}
	b.w.named = append(b.w.named, x)
	return map[string]any{"namedRange": x.json("namedRanges")}, nil
}

func (b *batch) updateNamedRange(in map[string]any) (map[string]any, error) {
	p := asMap(in["namedRange"])
	m, err := updateMask(in["fields"], "NamedRange")
	if err != nil {
		return nil, err
	}
	x, err := b.w.namedRange(asString(p["namedRangeId"]))
	if err != nil {
		return nil, err
	}
	if m.under("name") != nil && (!m.all || has(p, "name")) {
		if err := b.w.checkRangeName(asString(p["name"]), x); err != nil {
			return nil, err
		}
		x.raw = map[string]any{"name": asString(p["name"])}
	}
	if m.under("range") != nil && (!m.all || has(p, "range")) {
		_, a, err := b.area(p["range"])
		if err != nil {
			return nil, err
		}
		x.areas = []area{a}
	}
	return nil, nil //nolint:nilnil // the reply is empty
}

func (b *batch) deleteNamedRange(in map[string]any) (map[string]any, error) {
	x, err := b.w.namedRange(asString(in["namedRangeId"]))
	if err != nil {
		return nil, err
	}
	b.w.named = slices.DeleteFunc(b.w.named, func(o *ranged) bool { return o == x })
	return nil, nil //nolint:nilnil // the reply is empty
}
