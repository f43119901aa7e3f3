package web

import "net/http"

const (
	webhookPath    = "/webhooks/"
	webhookPattern = webhookPath + "jira/{source}"
	// DrivePath is where Google Drive's notices are sent to.
	DrivePath = webhookPath + "drive"
)

// WebhookPath is where a Jira source's webhooks are sent to.
func WebhookPath(source string) string { return webhookPath + "jira/" + source }

// webhook hands what a tool sends to its source. Answers are for machines, and have no body.
func (s *Server) webhook(w http.ResponseWriter, r *http.Request) {
	s.handOver(s.o.Webhooks[r.PathValue("source")], w, r)
}

// notice hands on what Google Drive sends.
func (s *Server) notice(w http.ResponseWriter, r *http.Request) { s.handOver(s.o.Drive, w, r) }

func (s *Server) handOver(h http.Handler, w http.ResponseWriter, r *http.Request) {
	switch {
	case h == nil:
		w.WriteHeader(http.StatusNotFound)
	case r.Method != http.MethodPost:
		w.Header().Set("Allow", http.MethodPost)
		w.WriteHeader(http.StatusMethodNotAllowed)
	default:
		h.ServeHTTP(w, r)
	}
}
