package channel

import (
	"context"
	"net/http"
	"strings"

	"github.com/slack-go/slack"

	"github.com/lockstep-sync/lockstep/internal/secret"
	"github.com/lockstep-sync/lockstep/sync/fault"
)

// Slack is an incoming webhook of Slack's.
type Slack struct{ Webhook secret.Text }

type slackSender struct{ webhook }

// Sender speaks through base; nil is a connection of its own.
func (s Slack) Sender(base http.RoundTripper) Sender {
	return slackSender{newWebhook(base, "Slack", s.Webhook)}
}

// Send posts rich text: in it, unlike in Slack's own markup, nothing is a mention or a link but what is made one.
func (s slackSender) Send(ctx context.Context, m Message) (bool, error) {
	m = m.fit()
	no := false
	blocks := slack.Blocks{BlockSet: slackBlocks(m)}
	said, unsure, err := s.post(ctx, slack.WebhookMessage{
		Text: slackEscape(m.Title), Blocks: &blocks, UnfurlLinks: &no, UnfurlMedia: &no,
	})
	if err == nil && strings.TrimSpace(said) != "ok" {
		return false, fault.New(fault.Permanent, fault.Invalid, "send a message to Slack", "the answer is not Slack's: %q", harmless(said, 100)).
			WithHint("check that webhook is that of an incoming webhook")
	}
	return unsure, err
}

func slackBlocks(m Message) []slack.Block {
	out := []slack.Block{slack.NewHeaderBlock(slack.NewTextBlockObject(slack.PlainTextType, m.Title, false, false))}
	for i, p := range m.Parts {
		var parts []slack.RichTextElement
		if p.Heading != "" {
			parts = append(parts, slack.NewRichTextSection(slack.NewRichTextSectionTextElement(p.Heading, &slack.RichTextSectionTextStyle{Bold: true})))
		}
		var items []slack.RichTextElement
		for _, l := range p.Lines {
			items = append(items, slack.NewRichTextSection(slackLine(l)...))
		}
		if s := p.more(); s != "" {
			items = append(items, slack.NewRichTextSection(slack.NewRichTextSectionTextElement(s, nil)))
		}
		if len(items) > 0 {
			parts = append(parts, slack.NewRichTextList(slack.RTEListBullet, 0, items...))
		}
		if len(parts) > 0 {
			out = append(out, slack.NewRichTextBlock("part-"+string(rune('a'+i)), parts...))
		}
	}
	if m.URL != "" {
		out = append(out, slack.NewRichTextBlock("page", slack.NewRichTextSection(slack.NewRichTextSectionLinkElement(m.URL, "See the page", nil))))
	}
	return out
}

func slackLine(l Line) []slack.RichTextSectionElement {
	var out []slack.RichTextSectionElement
	switch {
	case l.URL != "" && l.Label != "":
		out = append(out, slack.NewRichTextSectionLinkElement(l.URL, l.Label, nil))
	case l.Label != "":
		out = append(out, slack.NewRichTextSectionTextElement(l.Label, &slack.RichTextSectionTextStyle{Bold: true}))
	}
	if l.Text != "" {
		if l.Label != "" {
			l.Text = " " + l.Text
		}
		out = append(out, slack.NewRichTextSectionTextElement(l.Text, nil))
	}
	return out
}

// slackEscape makes a text one in which Slack sees no mention: the fallback of notifications is read as markup.
func slackEscape(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(s)
}
