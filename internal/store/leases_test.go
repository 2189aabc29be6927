package store

import (
	"context"
	"errors"
	"testing"
	"time"

	"newswire/internal/newsroom"
)

// A process that died in the middle of a poll must not keep its sources for
// as long as its lease; and if it is alive after all, it is fenced off.
func TestFreeDead(t *testing.T) {
	ctx := context.Background()
	s, err := Open(ctx, ":memory:")
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	if err := s.Enroll(ctx, []string{"a", "b"}, func(string) time.Time { return now }); err != nil {
		t.Fatal(err)
	}
	gone, err := s.ClaimSource(ctx, "a", now, 90*time.Second, "host/1")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.ClaimSource(ctx, "b", now, 90*time.Second, "host/2"); err != nil {
		t.Fatal(err)
	}
	n, err := s.FreeDead(ctx, func(owner string) bool { return owner == "host/1" })
	if err != nil || n != 1 {
		t.Fatalf("freed %d, %v", n, err)
	}
	if err := s.Settle(ctx, gone, gone.Check); !errors.Is(err, newsroom.ErrFenced) {
		t.Errorf("the dead owner's write: %v", err)
	}
	if _, err := s.ClaimSource(ctx, "a", now, 90*time.Second, "host/3"); err != nil {
		t.Errorf("the freed source: %v", err)
	}
	if _, err := s.ClaimSource(ctx, "b", now, 90*time.Second, "host/3"); !errors.Is(err, newsroom.ErrClaimed) {
		t.Errorf("the living owner's source: %v", err)
	}
}
