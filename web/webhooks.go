package web

import "net/http"

const (
	webhookPath    = "/webhooks/"
	webhookPattern = webhookPath + "jira/{source}"
)

// WebhookPath is where a Jira source's webhooks are sent to.
func WebhookPath(source string) string { return webhookPath + "jira/" + source }

// webhook hands what a tool sends to its source. Answers are for machines, and have no body.
func (s *Server) webhook(w http.ResponseWriter, r *http.Request) {
	h, ok := s.o.Webhooks[r.PathValue("source")]
	switch {
	case !ok || h == nil:
		w.WriteHeader(http.StatusNotFound)
	case r.Method != http.MethodPost:
		w.Header().Set("Allow", http.MethodPost)
		w.WriteHeader(http.StatusMethodNotAllowed)
	default:
		h.ServeHTTP(w, r)
	}
}
