package publish

import (
	"errors"
	"fmt"
	"os"
	"sync"
)

// A spool is a file of this process that holds the bytes of archives, so that
// readers are answered without the store and without keeping years of news in
// memory. It has no name, and is gone with the process.
type spool struct {
	mu   sync.Mutex
	file *os.File
	size int64
}

// A piece is where bytes lie in a spool.
type piece struct {
	at     int64
	length int
}

// add appends bytes.
func (s *spool) add(body []byte) (piece, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.file == nil {
		file, err := os.CreateTemp("", "newswire-archives-")
		if err != nil {
			return piece{}, fmt.Errorf("make a file for archives; set TMPDIR to a folder with room: %w", err)
		}
		// Where a file that is open cannot lose its name, it keeps it.
		_ = os.Remove(file.Name())
		s.file = file
	}
	p := piece{s.size, len(body)}
	if _, err := s.file.WriteAt(body, p.at); err != nil {
		return piece{}, fmt.Errorf("keep an archive in %s; is the disk full? %w", os.TempDir(), err)
	}
	s.size += int64(len(body))
	return p, nil
}

// read returns the bytes of a piece.
func (s *spool) read(p piece) ([]byte, error) {
	s.mu.Lock()
	file := s.file
	s.mu.Unlock()
	if file == nil {
		return nil, errors.New("nothing is kept")
	}
	body := make([]byte, p.length)
	_, err := file.ReadAt(body, p.at)
	return body, err
}
