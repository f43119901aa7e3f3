package channel

import (
	"context"
	"net/http"

	"github.com/lockstep-sync/lockstep/internal/secret"
)

// Teams is a webhook of a Teams workflow ("Post to a channel when a webhook request is received"). The connectors that Teams had before
// are retired, and took another format.
type Teams struct{ Webhook secret.Text }

type teamsSender struct{ webhook }

// Sender speaks through base; nil is a connection of its own.
func (t Teams) Sender(base http.RoundTripper) Sender {
	return teamsSender{newWebhook(base, "Teams", t.Webhook)}
}

// object is JSON.
type object = map[string]any

// Send posts an Adaptive Card. Its texts are text runs: in a text block a bracket or a star would be Markdown.
func (t teamsSender) Send(ctx context.Context, m Message) (bool, error) {
	m = m.fit()
	body := []object{teamsRuns("ExtraLarge", object{"type": "TextRun", "text": m.Title, "weight": "Bolder", "size": "Large"})}
	for _, p := range m.Parts {
		if p.Heading != "" {
			body = append(body, teamsRuns("Medium", object{"type": "TextRun", "text": p.Heading, "weight": "Bolder"}))
		}
		for _, l := range p.Lines {
			body = append(body, teamsRuns("Small", teamsLine(l)...))
		}
		if s := p.more(); s != "" {
			body = append(body, teamsRuns("Small", object{"type": "TextRun", "text": s, "isSubtle": true}))
		}
	}
	card := object{
		"$schema": "http://adaptivecards.io/schemas/adaptive-card.json", "type": "AdaptiveCard", "version": "1.4", "body": body,
		"msteams": object{"width": "Full"}, "fallbackText": m.Title,
	}
	if m.URL != "" {
		card["actions"] = []object{{"type": "Action.OpenUrl", "title": "See the page", "url": m.URL}}
	}
	_, unsure, err := t.post(ctx, object{
		"type":        "message",
		"attachments": []object{{"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": nil, "content": card}},
	})
	return unsure, err
}

func teamsRuns(spacing string, runs ...object) object {
	return object{"type": "RichTextBlock", "spacing": spacing, "inlines": runs}
}

func teamsLine(l Line) []object {
	var out []object
	if l.Label != "" {
		run := object{"type": "TextRun", "text": l.Label, "weight": "Bolder"}
		if l.URL != "" {
			run["selectAction"] = object{"type": "Action.OpenUrl", "url": l.URL}
		}
		out = append(out, run, object{"type": "TextRun", "text": " "})
	}
	return append(out, object{"type": "TextRun", "text": l.Text})
}
