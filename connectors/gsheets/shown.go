package gsheets

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"google.golang.org/api/sheets/v4"

	"github.com/lockstep-sync/lockstep/connectors"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// shownCell is a cell of the board as it is to stand in the sheet.
type shownCell struct {
	value *sheets.ExtendedValue // nil for an empty cell
	runs  []*sheets.TextFormatRun
	day   bool
	// gist is what is compared with a cell that was read: see cell.gist.
	gist string
	// beyond is what a read does not tell of the cell: where it leads, what its formula says.
	beyond string
}

// show gives the cell that the board asks for. A text is never parsed: only Formula, which holds nothing from outside, is worked
// out by the sheet. Now is what gives the moment in UTC there.
func show(c connectors.Cell, now string) shownCell {
	if len(c.Links) > 0 {
		return showLinks(c.Links)
	}
	if c.Formula != "" {
		f := "=" + strings.ReplaceAll(strings.TrimPrefix(c.Formula, "="), "NOW()", now)
		return shownCell{value: &sheets.ExtendedValue{FormulaValue: &f}, gist: formulaGist, beyond: f}
	}
	if c.Value.IsEmpty() {
		return shownCell{}
	}
	if t, ok := c.Value.Time(); ok && c.Value.Kind() == task.Date {
		if n, fits := daySerial(t); fits {
			return shownCell{value: &sheets.ExtendedValue{NumberValue: &n}, day: true, gist: numberGist(n)}
		}
	}
	if n, ok := c.Value.Float(); ok && c.Value.Kind() == task.Number {
		return shownCell{value: &sheets.ExtendedValue{NumberValue: &n}, gist: numberGist(n)}
	}
	return showText(c.Value.Display())
}

func showText(s string) shownCell {
	if s = fit(strings.ToValidUTF8(s, "\uFFFD")); s == "" {
		return shownCell{}
	}
	return shownCell{value: stringValue(s), gist: textGist(s)}
}

// linkGap stands between the links of a cell.
const linkGap = "  ·  "

// showLinks writes each link's text and puts the link on it as a format. A HYPERLINK formula would have to hold texts from
// outside. A link that is no web address is shown as text alone, and one that has no room in the cell is left out.
func showLinks(links []connectors.Link) shownCell {
	var text, beyond strings.Builder
	var runs []*sheets.TextFormatRun
	at := 0
	for _, l := range links {
		name := strings.Join(strings.Fields(fit(strings.ToValidUTF8(l.Text, "\uFFFD"))), " ")
		if name == "" {
			continue
		}
		gap := ""
		if at > 0 {
			gap = linkGap
		}
		end := at + units(gap) + units(name)
		if end > maxText {
			break
		}
		text.WriteString(gap + name)
		if webLink(l.URL) {
			from := at + units(gap)
			if n := len(runs); n > 0 && runs[n-1].StartIndex == int64(from) {
				runs = runs[:n-1]
			}
			runs = append(runs,
				&sheets.TextFormatRun{StartIndex: int64(from), Format: &sheets.TextFormat{Link: &sheets.Link{Uri: l.URL}}},
				&sheets.TextFormatRun{StartIndex: int64(end), Format: &sheets.TextFormat{}})
			beyond.WriteString(strconv.Itoa(from) + " " + l.URL + "\n")
		}
		at = end
	}
	if n := len(runs); n > 0 && runs[n-1].StartIndex == int64(at) {
		runs = runs[:n-1] // a run must begin inside of the text
	}
	s := showText(text.String())
	s.runs, s.beyond = runs, beyond.String()
	return s
}

// utcNow is the formula that gives the moment in UTC in a spreadsheet of that zone: its NOW() is the time of its own clocks. Where the
// zone is not known it is left at that.
func utcNow(zone string, now time.Time) string {
	where, err := time.LoadLocation(zone)
	if err != nil || zone == "" {
		return "NOW()"
	}
	_, ahead := now.In(where).Zone()
	switch minutes := ahead / 60; {
	case minutes > 0:
		return fmt.Sprintf("(NOW()-%d/1440)", minutes)
	case minutes < 0:
		return fmt.Sprintf("(NOW()+%d/1440)", -minutes)
	}
	return "NOW()"
}

// webLink reports that an address may be put behind a text. Anything but http and https could run something.
func webLink(address string) bool {
	u, err := url.Parse(address)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && len(address) <= 2000
}

// units is how long a text is as Google counts, in UTF-16.
func units(s string) int {
	n := 0
	for _, r := range s {
		if n++; r > 0xFFFF {
			n++
		}
	}
	return n
}

// cell is the content as a write sends it, without formats of its own.
func (s shownCell) cell() *sheets.CellData {
	return &sheets.CellData{UserEnteredValue: s.value, TextFormatRuns: s.runs}
}

// size is about how many bytes the cell takes in a request.
func (s shownCell) size() int { return 50 + len(s.gist) + 2*len(s.beyond) }

// Gists: two cells that have the same one hold the same, whatever their formats.
const formulaGist = "="

func textGist(s string) string    { return "'" + s }
func numberGist(n float64) string { return "#" + strconv.FormatFloat(n, 'g', -1, 64) }

// gist is what a cell holds, in short form; "" for an empty one. Of a formula it only says that it is one: what it comes to
// changes by itself, and Google may write it otherwise than it was given.
func (c cell) gist() string {
	switch {
	case c.formula:
		return formulaGist
	case c.kind == numberCell:
		return numberGist(c.number)
	case c.kind == boolCell:
		return "?" + strconv.FormatBool(c.yes)
	case c.kind == errorCell:
		return "!" + c.text
	case c.text == "":
		return ""
	}
	return textGist(c.text)
}

// digest is a short hash of texts, "" of none at all.
type digest struct{ parts []string }

// add takes a text under a name; an empty one does not count.
func (d *digest) add(name, text string) {
	if text != "" {
		d.parts = append(d.parts, strconv.Itoa(len(name))+" "+name+strconv.Itoa(len(text))+" "+text)
	}
}

func (d *digest) sum() string {
	if len(d.parts) == 0 {
		return ""
	}
	h := sha256.Sum256([]byte(strings.Join(d.parts, "")))
	return base64.RawURLEncoding.EncodeToString(h[:6])
}
