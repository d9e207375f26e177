package spool_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"testing/iotest"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/services/files/internal/spool"
)

func TestReceivedContentCanBeRead(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	r, err := spool.New(folder).Receive(t.Context(), strings.NewReader("content"), 7)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte("content"))
	part := make([]byte, 4)
	if _, err := r.ReadAt(part, 3); err != nil || string(part) != "tent" || r.Size() != 7 ||
		r.SHA256() != hex.EncodeToString(sum[:]) {
		t.Errorf("%q, %d, %s: %v", part, r.Size(), r.SHA256(), err)
	}
	if left, err := os.ReadDir(folder); err != nil || len(left) > 0 {
		t.Errorf("the folder has %v, %v", left, err)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
}

func TestContentsThatCannotBeReceived(t *testing.T) {
	t.Parallel()
	full, gone := t.TempDir()+"/missing", iotest.ErrReader(errors.New("gone"))
	for name, c := range map[string]struct {
		folder string
		from   io.Reader
		kind   fault.Kind
	}{
		"a byte too much":        {"", strings.NewReader("12345678"), fault.TooLarge},
		"more than the route's":  {"", iotest.ErrReader(&http.MaxBytesError{Limit: 7}), fault.TooLarge},
		"a broken line":          {"", iotest.ErrReader(io.ErrUnexpectedEOF), fault.Invalid},
		"no place for the file":  {full, strings.NewReader("x"), fault.Unavailable},
		"broken after some data": {"", io.MultiReader(strings.NewReader("x"), gone), fault.Invalid},
	} {
		if _, err := spool.New(c.folder).Receive(t.Context(), c.from, 7); !fault.Is(err, c.kind) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestRestOfALargeContentIsRead: a browser doesn't see the response if the connection is closed while it sends.
func TestRestOfALargeContentIsRead(t *testing.T) {
	t.Parallel()
	from := strings.NewReader(strings.Repeat("x", 1000))
	if _, err := spool.New(t.TempDir()).Receive(t.Context(), from, 7); !fault.Is(err, fault.TooLarge) || from.Len() > 0 {
		t.Errorf("%d bytes are left: %v", from.Len(), err)
	}
}

// TestSpoolIsBounded checks that uploads in progress reserve room, and return it.
func TestSpoolIsBounded(t *testing.T) {
	t.Parallel()
	s := spool.New(t.TempDir())
	first, err := s.Receive(t.Context(), strings.NewReader("x"), 700<<20)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Receive(t.Context(), strings.NewReader("x"), 700<<20); !fault.Is(err, fault.Limited) {
		t.Errorf("a second upload: %v", err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	for range 3 { // also those that fail return it
		if _, err := s.Receive(t.Context(), iotest.ErrReader(io.ErrUnexpectedEOF), 700<<20); !fault.Is(err, fault.Invalid) {
			t.Errorf("after the first: %v", err)
		}
	}
}
