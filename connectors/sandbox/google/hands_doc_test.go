package google

import "testing"

// Who suggests another text over one that they only suggested replaces it.
func TestSuggestOverOnesOwnSuggestion(t *testing.T) {
	t.Parallel()
	s := New(Options{})
	id := s.AddDocument("Plan", "x")
	if err := s.AddTable(id, "Actions", []string{"Action"}, []string{"old"}); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"a longer text", "short", ""} {
		if err := s.TypeInTable(id, 0, 1, 0, text, true); err != nil {
			t.Fatal(err)
		}
		row := s.DocumentRows(id, 0)[1]
		if row.Now[0] != "old" || row.Then[0] != text || row.Added || row.Removed {
			t.Errorf("after %q was suggested the row is %+v", text, row)
		}
		if open := s.DocumentSuggestions(id); len(open) != 1 {
			t.Errorf("after %q was suggested, %d suggestions are open", text, len(open))
		}
	}
}
