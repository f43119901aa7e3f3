package google

import (
	"maps"
	"regexp"
	"strings"
	"time"
)

// chip puts an object in at the place that the request names. What a person sees of it is its own business: it is one unit.
func (e *docEdit) chip(in map[string]any, kind string, own map[string]any) error {
	p, err := e.where(in)
	if err != nil {
		return err
	}
	units := p.tab.units(p.segment)
	e.put(p, []unit{{kind: objectUnit, look: neighbour(units, p.at), what: map[string]any{kind: own}}})
	return nil
}

func (e *docEdit) insertPerson(in map[string]any) (map[string]any, error) {
	p := asMap(in["personProperties"])
	if !strings.Contains(asString(p["email"]), "@") {
		return nil, invalid("The person's email address is invalid.")
	}
	return nil, e.chip(in, "person", map[string]any{"personId": e.d.newID("kix."), "personProperties": p})
}

func (e *docEdit) insertRichLink(in map[string]any) (map[string]any, error) {
	p := asMap(in["richLinkProperties"])
	if asString(p["uri"]) == "" {
		return nil, invalid("The rich link must have a URI.")
	}
	if !has(p, "title") {
		p = maps.Clone(p)
		p["title"] = p["uri"]
	}
	return nil, e.chip(in, "richLink", map[string]any{"richLinkId": e.d.newID("kix."), "richLinkProperties": p})
}

func (e *docEdit) insertDate(in map[string]any) (map[string]any, error) {
	p := maps.Clone(asMap(in["dateElementProperties"]))
	at, err := time.Parse(time.RFC3339Nano, asString(p["timestamp"]))
	if err != nil {
		return nil, invalid("The date must have a timestamp.")
	}
	zone := time.UTC
	if name := asString(p["timeZoneId"]); name != "" {
		if zone, err = time.LoadLocation(name); err != nil {
			return nil, invalid("The time zone %s is unknown.", name)
		}
	} else {
		p["timeZoneId"] = "etc/UTC"
	}
	for k, v := range map[string]any{"locale": "en", "dateFormat": "DATE_FORMAT_MONTH_DAY_YEAR_ABBREVIATED", "timeFormat": "TIME_FORMAT_DISABLED"} {
		if !has(p, k) {
			p[k] = v
		}
	}
	p["displayText"] = chipDate(at.In(zone), asString(p["dateFormat"]))
	return nil, e.chip(in, "dateElement", map[string]any{"dateId": e.d.newID("kix."), "dateElementProperties": p})
}

// chipDate is how a date chip shows a day, in English whatever the locale.
func chipDate(t time.Time, format string) string {
	switch format {
	case "DATE_FORMAT_ISO8601":
		return t.Format(time.DateOnly)
	case "DATE_FORMAT_MONTH_DAY_FULL":
		return t.Format("January 2")
	case "DATE_FORMAT_MONTH_DAY_ABBREVIATED":
		return t.Format("Jan 2")
	case "DATE_FORMAT_MONTH_DAY_YEAR_FULL":
		return t.Format("January 2, 2006")
	}
	return t.Format("Jan 2, 2006")
}

var (
	dropdownID = regexp.MustCompile(`^kix\.[a-zA-Z0-9_-]{2,14}$`)
	optionID   = regexp.MustCompile(`^dropdownItem\.[a-zA-Z0-9_-]+$`)
)

func (e *docEdit) createDropdownDefinition(in map[string]any) (map[string]any, error) {
	t := e.d.tab(asString(in["tabId"]))
	if t == nil {
		return nil, invalid("The tab with ID %s was not found.", asString(in["tabId"]))
	}
	def := maps.Clone(asMap(in["dropdownDefinition"]))
	props := maps.Clone(asMap(def["dropdownDefinitionProperties"]))
	options := asList(props["options"])
	if len(options) < 2 || len(options) > 50 {
		return nil, invalid("A dropdown definition must have at least 2 and at most 50 options.")
	}
	id := asString(def["dropdownDefinitionId"])
	switch {
	case id == "":
		id = e.d.newID("kix.")
	case !dropdownID.MatchString(id):
		return nil, invalid("The dropdown definition ID %s is invalid.", id)
	case t.dropdowns[id] != nil:
		return nil, invalid("The dropdown definition ID %s is not unique.", id)
	}
	kept := make([]any, len(options))
	for i, x := range options {
		o := maps.Clone(asMap(x))
		switch oid := asString(o["optionId"]); {
		case asString(o["displayValue"]) == "":
			return nil, invalid("Dropdown options must have a display value.")
		case oid == "":
			o["optionId"] = e.d.newID("dropdownItem.")
		case !optionID.MatchString(oid):
			return nil, invalid("The dropdown option ID %s is invalid.", oid)
		}
		kept[i] = o
	}
	props["options"] = kept
	def["dropdownDefinitionId"], def["dropdownDefinitionProperties"] = id, props
	t.dropdowns[id] = def
	return map[string]any{"dropdownDefinition": def}, nil
}

// option finds an option of a definition by its id; "" is the first.
func (t *docTab) option(definition, id string) (map[string]any, bool) {
	for _, x := range asList(asMap(t.dropdowns[definition]["dropdownDefinitionProperties"])["options"]) {
		if o := asMap(x); id == "" || asString(o["optionId"]) == id {
			return o, true
		}
	}
	return nil, false
}

func (e *docEdit) insertDropdown(in map[string]any) (map[string]any, error) {
	p, err := e.where(in)
	if err != nil {
		return nil, err
	}
	def := asString(in["dropdownDefinitionId"])
	if p.tab.dropdowns[def] == nil {
		return nil, invalid("The dropdown definition with ID %s was not found.", def)
	}
	o, ok := p.tab.option(def, asString(in["selectedOptionId"]))
	if !ok {
		return nil, invalid("The dropdown option with ID %s was not found.", asString(in["selectedOptionId"]))
	}
	own := map[string]any{"dropdownId": e.d.newID("kix."), "dropdownProperties": map[string]any{
		"dropdownDefinitionId": def, "selectedOptionId": o["optionId"], "displayValue": o["displayValue"],
	}}
	return map[string]any{"dropdown": own}, e.chip(in, "dropdown", own)
}

func (e *docEdit) updateDropdownProperties(in map[string]any) (map[string]any, error) {
	t := e.d.tab(asString(in["tabId"]))
	if t == nil {
		return nil, invalid("The tab with ID %s was not found.", asString(in["tabId"]))
	}
	if e.suggest {
		return nil, notSpoken("Suggesting another option")
	}
	for _, seg := range t.segments() {
		units := t.units(seg)
		for i := range units {
			own := asMap(units[i].what["dropdown"])
			if units[i].kind != objectUnit || own == nil || asString(own["dropdownId"]) != asString(in["dropdownId"]) {
				continue
			}
			props := maps.Clone(asMap(own["dropdownProperties"]))
			want := asString(asMap(in["dropdownProperties"])["selectedOptionId"])
			o, ok := t.option(asString(props["dropdownDefinitionId"]), want)
			if !ok || want == "" {
				return nil, invalid("The dropdown option with ID %s was not found.", want)
			}
			props["selectedOptionId"], props["displayValue"] = want, o["displayValue"]
			own = maps.Clone(own)
			own["dropdownProperties"] = props
			units[i].what = map[string]any{"dropdown": own}
			return nil, nil //nolint:nilnil // the reply is empty
		}
	}
	return nil, invalid("The dropdown with ID %s was not found.", asString(in["dropdownId"]))
}
