package app

import (
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/time/rate"

	"github.com/lockstep-sync/lockstep/config"
	"github.com/lockstep-sync/lockstep/connectors"
	"github.com/lockstep-sync/lockstep/connectors/jira"
	"github.com/lockstep-sync/lockstep/web"
)

// webhooks are the handlers of what tools send, and what is counted of it.
type webhooks struct {
	log      *slog.Logger
	total    *prometheus.CounterVec
	handlers map[string]http.Handler
	list     []Webhook
}

// Webhook is where a tool's webhooks are to be sent to.
type Webhook struct {
	Source string
	Path   string // on the address of the page, or of the proxy before it
}

func newWebhooks(reg prometheus.Registerer, log *slog.Logger) *webhooks {
	h := &webhooks{
		log: log, handlers: make(map[string]http.Handler),
		total: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: "lockstep", Name: "webhooks_total", Help: "Webhooks that came for a source, by what became of them.",
		}, []string{"source", "outcome"}),
	}
	reg.MustRegister(h.total)
	return h
}

// add sets up the handlers of a partnership's sources, which come in the order of the configuration. A source without a
// webhook's secret has none.
func (h *webhooks) add(p config.Partnership, sources []*connectors.Source, wake func()) error {
	for _, s := range p.Sources {
		if s.Jira == nil {
			continue
		}
		secret, err := s.Jira.SecretOfWebhooks()
		if err != nil {
			return fmt.Errorf("set up the webhooks of %s: %w", s.ID, err)
		}
		i := slices.IndexFunc(sources, func(x *connectors.Source) bool { return x.ID() == s.ID })
		if secret == "" || i < 0 {
			continue
		}
		id := string(s.ID)
		for _, outcome := range jira.WebhookOutcomes() {
			h.total.WithLabelValues(id, outcome) // a series that begins at its first event hides that event
		}
		h.handlers[id] = jira.NewWebhook(jira.WebhookOptions{
			Secret: secret, Wake: wake, Hint: sources[i].Hint, HintDeleted: sources[i].HintDeleted, Observe: h.observer(id),
		})
		h.list = append(h.list, Webhook{Source: id, Path: web.WebhookPath(id)})
	}
	return nil
}

// observer counts what becomes of a source's webhooks, and says of those that come to nothing what to do: once a minute, for
// whoever can reach the address can make it say so.
func (h *webhooks) observer(source string) func(outcome string) {
	hints := map[string]string{
		jira.WebhookUnsigned:  "write the same secret into webhook_secret and into the webhook in Jira; if Jira's is right, somebody else sends these",
		jira.WebhookTooLarge:  "the change is read with the next cycle; have the webhook in Jira send fewer fields if that is too late",
		jira.WebhookMalformed: "a proxy may change or cut what Jira sends: have it pass the body on as it is",
		jira.WebhookBusy:      "Jira sends them again; narrow the JQL of the webhook if this goes on",
	}
	seldom := map[string]*rate.Sometimes{}
	for outcome := range hints {
		seldom[outcome] = &rate.Sometimes{First: 1, Interval: time.Minute}
	}
	return func(outcome string) {
		h.total.WithLabelValues(source, outcome).Inc()
		s, ok := seldom[outcome]
		if !ok {
			h.log.Debug("webhook", "source", source, "outcome", outcome)
			return
		}
		s.Do(func() {
			h.log.Warn("webhook turned away", "source", source, "outcome", outcome, "hint", hints[outcome])
		})
	}
}

// Webhooks lists where the configured tools send their webhooks to, in the order of the configuration; nil where none does.
func (a *App) Webhooks() []Webhook { return slices.Clone(a.webhooks.list) }
