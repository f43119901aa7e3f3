// Package secret has a text that does not print itself.
package secret

import (
	"encoding/json"
	"fmt"
	"io"
)

// Text is a password, a token, or an address that is a key. However it is printed, encoded or logged, "[redacted]" appears; one that is
// empty, as the zero Text is, stays empty.
type Text struct {
	text *string // fmt prints what lies behind a pointer in no struct, even where it is asked for nonsense
}

// New is the secret of a text.
func New(text string) Text { return Text{&text} }

const redacted = "[redacted]"

// Reveal is the secret itself.
func (t Text) Reveal() string {
	if t.text == nil {
		return ""
	}
	return *t.text
}

func (t Text) shown() string {
	if t.Reveal() == "" {
		return ""
	}
	return redacted
}

// Format prints the text under every verb.
func (t Text) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, t.shown()) }

// MarshalJSON writes the text.
func (t Text) MarshalJSON() ([]byte, error) { return json.Marshal(t.shown()) }

// MarshalYAML hands the text over.
func (t Text) MarshalYAML() (any, error) { return t.shown(), nil }
