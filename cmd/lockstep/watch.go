package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"

	"github.com/fsnotify/fsnotify"
)

// watch tells when the contents of the file change. It watches the folder, because editors and mounted configuration put a
// new file in the place of the old one.
func watch(ctx context.Context, file string) (<-chan struct{}, func(), error) {
	w, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, nil, fmt.Errorf("watch %s for changes: %w", file, err)
	}
	if err := w.Add(filepath.Dir(file)); err != nil {
		_ = w.Close()
		return nil, nil, fmt.Errorf("watch the folder of %s for changes: %w", file, err)
	}
	changed := make(chan struct{}, 1)
	last := sum(file)
	go func() {
		for {
			select {
			case <-ctx.Done():
				return
			case _, ok := <-w.Events:
				if !ok {
					return
				}
				// A half-written file does not load, and is followed by another event when it is whole.
				if now := sum(file); now != nil && !bytes.Equal(now, last) {
					last = now
					select {
					case changed <- struct{}{}:
					default:
					}
				}
			case _, ok := <-w.Errors: // an event may be lost; SIGHUP remains
				if !ok {
					return
				}
			}
		}
	}()
	return changed, func() { _ = w.Close() }, nil
}

// sum is a digest of the file, nil where it cannot be read at the moment.
func sum(file string) []byte {
	data, err := os.ReadFile(filepath.Clean(file))
	if err != nil {
		return nil
	}
	h := sha256.Sum256(data)
	return h[:]
}
