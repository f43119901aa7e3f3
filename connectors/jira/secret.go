package jira

import (
	"encoding/json"
	"fmt"
	"log/slog"
)

// bare is a Config without methods and without its secrets.
type bare Config

func (c Config) hidden() bare {
	if c.Token != "" {
		c.Token = "[redacted]"
	}
	if c.WebhookSecret != "" {
		c.WebhookSecret = "[redacted]"
	}
	return bare(c)
}

// Format prints the configuration without its secrets, under every verb.
func (c Config) Format(f fmt.State, verb rune) {
	_, _ = fmt.Fprintf(f, fmt.FormatString(f, verb), c.hidden())
}

// MarshalJSON writes the configuration without its secrets.
func (c Config) MarshalJSON() ([]byte, error) { return json.Marshal(c.hidden()) }

// LogValue logs the configuration without its secrets.
func (c Config) LogValue() slog.Value { return slog.AnyValue(c.hidden()) }
