package blobs_test

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/services/files/internal/blobs"
)

func open(t *testing.T, address string) *blobs.Blobs {
	t.Helper()
	b, err := blobs.New(address)
	if err == nil {
		err = b.Open()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	return b
}

func TestContentsAreStoredWholeOrNotAtAll(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "of", "files")
	for name, address := range map[string]string{"folder": "file://" + folder, "memory": blobs.InMemory} {
		b := open(t, address)
		if err := b.Put(t.Context(), "1/2", strings.NewReader("content")); err != nil {
			t.Fatal(name, err)
		}
		broken := io.MultiReader(strings.NewReader("half"), iotest.ErrReader(io.ErrUnexpectedEOF))
		if err := b.Put(t.Context(), "1/3", broken); !fault.Is(err, fault.Unavailable) {
			t.Errorf("%s: a content that breaks off: %v", name, err)
		}
		if _, err := b.Get(t.Context(), "1/3"); !fault.Is(err, fault.NotFound) {
			t.Errorf("%s: half a content is stored: %v", name, err)
		}
		r, err := b.Get(t.Context(), "1/2")
		if err != nil {
			t.Fatal(name, err)
		}
		if _, err := r.Seek(3, io.SeekStart); err != nil {
			t.Error(name, err)
		}
		if rest, err := io.ReadAll(r); err != nil || string(rest) != "tent" {
			t.Errorf("%s: %q, %v", name, rest, err)
		}
		_ = r.Close()
		for range 2 {
			if err := b.Delete(t.Context(), "1/2"); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		if _, err := b.Get(t.Context(), "1/2"); !fault.Is(err, fault.NotFound) {
			t.Errorf("%s: after Delete: %v", name, err)
		}
	}
	if info, err := os.Stat(folder); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the folder: %v, %v", info, err)
	}
}

func TestContentsOutliveTheProcess(t *testing.T) {
	t.Parallel()
	address := "file://" + t.TempDir()
	if err := open(t, address).Put(t.Context(), "1/2", strings.NewReader("content")); err != nil {
		t.Fatal(err)
	}
	if _, err := open(t, address).Get(t.Context(), "1/2"); err != nil {
		t.Error(err)
	}
}

func TestWrongAddressesAreRefused(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"", "file:", "file://host/a", "/a", "s3://bucket", "file:///a?x=1", "mem://x"} {
		if _, err := blobs.New(address); err == nil {
			t.Errorf("%q is accepted", address)
		}
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	b, err := blobs.New("file://" + file)
	if err == nil {
		err = b.Open()
	}
	if err == nil {
		t.Error("a file is opened as a folder")
	}
}
