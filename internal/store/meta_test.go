package store_test

import "testing"

// A note takes the place of the one before, and outlives a restart.
func TestNotes(t *testing.T) {
	onEngines(t, func(t *testing.T, e engine) {
		dsn := e.dsn(t)
		s := openStore(t, dsn)
		if text, err := s.Noted(t.Context(), "x"); err != nil || text != "" {
			t.Errorf("nothing was noted: %q, %v", text, err)
		}
		for _, text := range []string{"one", "two\x00 and \xff more"} {
			if err := s.Note(t.Context(), "x", text); err != nil {
				t.Fatal(err)
			}
		}
		s.Close()
		if text, err := openStore(t, dsn).Noted(t.Context(), "x"); err != nil || len(text) < 10 || text[:3] != "two" {
			t.Errorf("%q, %v", text, err)
		}
	})
}
