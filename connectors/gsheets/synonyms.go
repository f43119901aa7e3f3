package gsheets

import (
	"strings"

	"github.com/lockstep-sync/lockstep/connectors/cells"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// headerWords are the words with which sheets head a field, in English, French, Spanish, German, Portuguese, Italian and
// Swahili, the most telling first. They are compared as words of a closed list are: see cells.FoldWord.
//
//nolint:misspell // other languages
func headerWords(f task.Field) []string {
	switch f {
	case task.Title:
		return []string{
			"action", "task", "activity", "title", "deliverable", "commitment", "action item", "milestone", "what", "item", "task name", "project name",
			"activity name", "project", "name", "description", "objective",
			"activité", "tâche", "titre", "intitulé", "livrable", "nom activité", "nom de l'activité", "nom du projet", "projet",
			"actividad", "tarea", "título", "acción", "entregable", "aufgabe", "maßnahme", "titel", "vorhaben", "aktivität", "was",
			"atividade", "tarefa", "ação", "entregável", "attività", "azione", "compito", "shughuli", "kazi",
		}
	case task.Status:
		return []string{
			"status", "state", "current status", "task status", "progress status", "statut", "état", "état projet", "état d'avancement", "estado", "estatus",
			"stand", "zustand", "situação", "stato", "hali", "done", "completed", "fait", "terminé", "hecho", "erledigt",
		}
	case task.Due:
		return []string{
			"due", "due date", "deadline", "due by", "by when", "end date", "target date", "completion date", "end", "when", "planned end", "finish",
			"échéance", "date fin", "date de fin", "date limite", "date d'échéance", "fin", "délai",
			"fecha límite", "fecha fin", "fecha de fin", "vencimiento", "plazo", "fällig", "fällig am", "fälligkeit", "frist", "termin", "enddatum", "bis", "bis wann",
			"prazo", "data fim", "data limite", "data de fim", "vencimento", "scadenza", "data di fine", "tarehe ya mwisho",
		}
	case task.Start:
		return []string{
			"start", "start date", "begin", "planned start", "from", "date début", "date de début", "début", "date de démarrage",
			"inicio", "fecha inicio", "fecha de inicio", "beginn", "startdatum", "anfang", "início", "data início", "data de início", "inizio", "data di inizio",
			"tarehe ya kuanza",
		}
	case task.Assignee:
		return []string{
			"assignee", "owner", "lead", "responsible", "who", "assigned to", "responsible person", "person responsible", "focal point", "contact", "poc",
			"task owner", "action owner", "responsable", "pilote", "assigné à", "point focal", "qui", "encargado", "encargada", "asignado a", "quién",
			"verantwortlich", "verantwortliche", "zuständig", "wer", "responsável", "quem", "responsabile", "mhusika",
		}
	case task.Partner:
		return []string{
			"partner", "organisation", "organization", "agency", "lead agency", "lead partner", "lead organisation", "lead organization", "org", "entity",
			"implementing partner", "partenaire", "organisme", "nom organization", "nom de l'organisation", "structure", "socio", "organización", "entidad",
			"parceiro", "organização", "organizzazione", "ente", "mshirika", "partnerin",
		}
	case task.Priority:
		return []string{"priority", "prio", "urgency", "importance", "priorité", "urgence", "prioridad", "priorität", "prioridade", "priorità", "kipaumbele"}
	case task.Progress:
		return []string{
			"progress", "percent complete", "complete", "completion", "percentage", "pct", "avancement", "taux d'avancement", "taux de réalisation",
			"avance", "progreso", "porcentaje", "fortschritt", "fertigstellungsgrad", "progresso", "avanço", "maendeleo",
		}
	case task.Workstream:
		return []string{
			"workstream", "work stream", "stream", "work package", "theme", "pillar", "component", "cluster", "sector", "area", "category", "programme", "program",
			"volet", "pilier", "thème", "axe", "axe stratégique", "composante", "secteur", "domaine", "pilar", "componente", "eje", "área", "tema", "categoría",
			"arbeitspaket", "arbeitsstrang", "bereich", "themenfeld", "säule", "eixo", "setor", "categoria", "ambito", "settore",
		}
	case task.Labels:
		return []string{"labels", "label", "tags", "tag", "keywords", "étiquettes", "mots clés", "etiquetas", "schlagworte", "stichworte", "etichette"}
	case task.QuickWin:
		return []string{"quick win", "quick wins", "quick", "gain rapide", "victoire rapide", "ganho rápido", "schneller erfolg"}
	case task.Notes:
		return []string{
			"notes", "note", "comments", "comment", "remarks", "remark", "latest update", "update", "updates", "status update", "commentaire", "commentaires",
			"observation", "observations", "remarque", "remarques", "comentario", "comentarios", "observaciones", "notas", "bemerkung", "bemerkungen",
			"anmerkung", "anmerkungen", "kommentar", "kommentare", "notizen", "comentário", "comentários", "observações", "osservazioni", "commenti", "maoni",
		}
	}
	return nil
}

// fieldOfHeader is the field that a header is a known word for, whole; false where it is none.
func fieldOfHeader(header string) (task.Field, bool) {
	w := headerWord(header)
	for _, f := range task.AllFields() {
		for _, known := range headerWords(f) {
			if w != "" && cells.FoldWord(known) == w {
				return f, true
			}
		}
	}
	return 0, false
}

// headerWord is what a header says: its first line, without instructions.
func headerWord(header string) string {
	first, _, _ := strings.Cut(strings.TrimSpace(header), "\n")
	if w := cells.FoldWord(cells.Brackets().ReplaceAllString(first, " ")); w != "" {
		return w
	}
	if strings.Contains(first, "%") {
		return "percent complete"
	}
	return ""
}
