package config

import (
	"bytes"
	"context"
	"os"
	"time"
)

// followEvery is the interval between reads of a file. Polling is more reliable than notification: in a container,
// files of settings and certificates are links that are swapped.
const followEvery = 2 * time.Second

// Files is the contents of files, in the order they were named.
type Files [][]byte

// Read reads files.
func Read(paths ...string) (Files, error) {
	contents := make(Files, len(paths))
	for i, p := range paths {
		var err error
		if contents[i], err = os.ReadFile(p); err != nil {
			return nil, err
		}
	}
	return contents, nil
}

func (f Files) equal(other Files) bool {
	for i := range f {
		if !bytes.Equal(f[i], other[i]) {
			return false
		}
	}
	return true
}

// Follow looks at files again and again until ctx ends, and hands their contents to use whenever one of them has
// changed from what was read before. An error of reading or using them is handed to failed once, and the contents
// before stay in use.
func Follow(ctx context.Context, before Files, use func(Files) error, failed func(error), paths ...string) {
	look := time.NewTicker(followEvery)
	defer look.Stop()
	unreadable := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-look.C:
		}
		now, err := Read(paths...)
		if err != nil {
			if !unreadable {
				failed(err)
			}
			unreadable = true
			continue
		}
		unreadable = false
		if now.equal(before) {
			continue
		}
		before = now
		if err := use(now); err != nil {
			failed(err)
		}
	}
}
