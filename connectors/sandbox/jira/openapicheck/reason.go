package openapicheck

import (
	"fmt"
	"strings"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
)

// leaves lists the innermost reasons of a failed validation, each with its place.
func leaves(e *jsonschema.ValidationError) []string {
	if len(e.Causes) == 0 {
		p := message.NewPrinter(language.English)
		return []string{fmt.Sprintf("/%s %s", strings.Join(e.InstanceLocation, "/"), e.ErrorKind.LocalizedString(p))}
	}
	var out []string
	for _, c := range e.Causes {
		out = append(out, leaves(c)...)
	}
	return out
}

func parseTime(text string) error {
	var err error
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05.000-0700"} {
		if _, err = time.Parse(layout, text); err == nil {
			return nil
		}
	}
	return err
}
