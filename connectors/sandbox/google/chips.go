package google

import (
	"net/url"
	"slices"
	"strings"
	"unicode/utf16"
)

// Chip is a smart chip in a cell's text: a person when Email is set, else a link to a file.
type Chip struct {
	Email string
	// Format says how a person is shown: "" or DEFAULT by name, LAST_NAME_COMMA_FIRST_NAME, or EMAIL.
	Format string
	URI    string
}

func (c Chip) json() map[string]any {
	if c.Email == "" {
		return map[string]any{"richLinkProperties": map[string]any{"uri": c.URI}}
	}
	p := map[string]any{"email": c.Email}
	if c.Format != "" {
		p["displayFormat"] = c.Format
	}
	return map[string]any{"personProperties": p}
}

// AddPerson makes an account known, as a directory does: its chips show the name, "Given Family", instead of the e-mail
// address, and typing "@" with either into a cell makes one.
func (s *Server) AddPerson(email, name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.people[strings.ToLower(email)] = name
}

// PutChips sets a cell to text with chips in it, one for each "@" in the text and in that order, past parsing and rules.
func (s *Server) PutChips(id, tab, a1, text string, chips ...Chip) error {
	return s.onCell(id, tab, a1, func(_ *workbook, t *tabHands, r, c int) error {
		var runs []any
		at, left := 0, chips
		for _, u := range utf16.Encode([]rune(text)) {
			if u == '@' && len(left) > 0 {
				runs = append(runs, map[string]any{"startIndex": float64(at), "chip": left[0].json()})
				left = left[1:]
			}
			at++
		}
		if len(left) > 0 {
			return invalid("The text has no \"@\" for %d of the chips.", len(left))
		}
		shown, placed, err := s.placeChips(text, runs)
		if err != nil {
			return err
		}
		t.putChips(r, c, shown, placed)
		return nil
	})
}

// putChips sets a cell's text and its chips and leaves its format, note and rule.
func (t *tabHands) putChips(r, c int, shown string, placed []any) {
	t.put(r, c, textOf(shown))
	y := *t.at(r, c)
	x := extras{}
	if y.x != nil {
		x = *y.x
	}
	x.chips = placed
	y.x = &x
	t.set(r, c, &y)
}

// typedChip is what "@" and a person's name or e-mail address become when somebody types them: a chip, and its text. It
// reports false when nobody of that name is known. The caller holds the lock.
func (s *Server) typedChip(typed string) (shown string, placed []any, ok bool) {
	rest, isAt := strings.CutPrefix(strings.TrimSpace(typed), "@")
	if !isAt || rest == "" {
		return "", nil, false
	}
	for email, name := range s.people {
		if strings.EqualFold(rest, email) || strings.EqualFold(rest, name) {
			shown, placed, err := s.placeChips("@", []any{map[string]any{"chip": Chip{Email: email}.json()}})
			return shown, placed, err == nil
		}
	}
	return "", nil, false
}

// placeChips reads chip runs that are written: each points to an "@" in the text. It returns the text as the cell then
// shows it, and the runs as they are read: those of the chips and those between, which have an empty chip. Indexes are
// UTF-16 units, on the way in of the text with placeholders, on the way out of the text that is shown. The caller holds
// the lock.
func (s *Server) placeChips(text string, runs []any) (string, []any, error) {
	units := utf16.Encode([]rune(text))
	var shown []uint16
	var placed []any
	done := 0 // how much of the text is dealt with
	between := func(to int) {
		if to > done {
			placed = append(placed, chipRun(len(shown), map[string]any{}))
			shown = append(shown, units[done:to]...)
			done = to
		}
	}
	for i, x := range runs {
		at, chip := asInt(asMap(x)["startIndex"]), asMap(asMap(x)["chip"])
		if at < done || at >= len(units) {
			return "", nil, invalid("chipRuns[%d].startIndex[%d] is out of order or beyond the text.", i, at)
		}
		if len(chip) == 0 {
			continue // text between chips, which may be left out as well
		}
		if units[at] != '@' {
			return "", nil, invalid("chipRuns[%d].startIndex[%d] does not point to a placeholder: a chip needs an \"@\" in the text.", i, at)
		}
		label, full, err := s.chipLabel(chip, i)
		if err != nil {
			return "", nil, err
		}
		between(at)
		placed = append(placed, chipRun(len(shown), full))
		shown = append(shown, utf16.Encode([]rune(label))...)
		done = at + 1
	}
	if len(placed) == 0 {
		return text, nil, nil
	}
	between(len(units))
	return string(utf16.Decode(shown)), placed, nil
}

func chipRun(start int, chip map[string]any) map[string]any {
	if start == 0 {
		return map[string]any{"chip": chip}
	}
	return map[string]any{"startIndex": start, "chip": chip}
}

// chipLabel is the text that a chip shows, and the chip with what the service adds to it.
func (s *Server) chipLabel(chip map[string]any, i int) (string, map[string]any, error) {
	if p, ok := chip["personProperties"].(map[string]any); ok {
		email := asString(p["email"])
		if !strings.Contains(email, "@") {
			return "", nil, invalid("chipRuns[%d].chip.personProperties.email is not a valid email address.", i)
		}
		format := asString(p["displayFormat"])
		if format == "DISPLAY_FORMAT_UNSPECIFIED" || format == "" {
			format = "DEFAULT"
		}
		return personLabel(email, s.people[strings.ToLower(email)], format),
			map[string]any{"personProperties": map[string]any{"email": email, "displayFormat": format}}, nil
	}
	uri := asString(asMap(chip["richLinkProperties"])["uri"])
	if len(uri) > 2000 {
		return "", nil, invalid("chipRuns[%d].chip.richLinkProperties.uri exceeds the limit of 2000 bytes.", i)
	}
	title, mime, ok := s.driveFile(uri)
	if !ok {
		return "", nil, invalid("chipRuns[%d].chip.richLinkProperties.uri: only links to Drive files can be written as chips.", i)
	}
	link := map[string]any{"uri": uri}
	if mime != "" {
		link["mimeType"] = mime
	}
	return title, map[string]any{"richLinkProperties": link}, nil
}

// personLabel is how a person's chip is shown. Of somebody whose name is not known the address is all there is.
func personLabel(email, name, format string) string {
	switch given, family, two := strings.Cut(name, " "); {
	case name == "" || format == "EMAIL":
		return email
	case format == "LAST_NAME_COMMA_FIRST_NAME" && two:
		return family + ", " + given
	}
	return name
}

// driveFile is the title and the type of the file that a link leads to. A file at Google that is not one of the sandbox's
// has its address for a title.
func (s *Server) driveFile(uri string) (title, mime string, ok bool) {
	u, err := url.Parse(uri)
	if err != nil {
		return "", "", false
	}
	parts := strings.Split(u.Path, "/")
	i := slices.Index(parts, "d")
	if i < 0 || i+1 >= len(parts) {
		return "", "", false
	}
	id := parts[i+1]
	if w := s.books[id]; w != nil {
		return w.title, spreadsheetType, true
	}
	if d := s.docs[id]; d != nil {
		return d.title, documentType, true
	}
	return uri, "", u.Host == "docs.google.com" || u.Host == "drive.google.com"
}

const (
	spreadsheetType = "application/vnd.google-apps.spreadsheet"
	documentType    = "application/vnd.google-apps.document"
)
