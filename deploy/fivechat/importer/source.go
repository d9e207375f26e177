package importer

import (
	"archive/tar"
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// maxWindow is the memory in bytes that unpacking zstd may use: what the format asks of every decoder.
const maxWindow = 8 << 20

// text returns the UTF-8 text of an input. It may be packed with gzip or zstd, and be a tar archive, whose files follow
// each other. A byte order mark says whether it is UTF-16.
func text(r io.Reader) (io.Reader, error) {
	unpacked, err := unpack(bufio.NewReaderSize(r, 64<<10))
	if err != nil {
		return nil, err
	}
	if isTar(unpacked) {
		return utf8Of(&tarFiles{archive: tar.NewReader(unpacked)}), nil
	}
	return utf8Of(unpacked), nil
}

func utf8Of(r io.Reader) io.Reader {
	return transform.NewReader(r, unicode.BOMOverride(encoding.Nop.NewDecoder()))
}

func unpack(b *bufio.Reader) (*bufio.Reader, error) {
	head, err := b.Peek(4)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	switch {
	case bytes.HasPrefix(head, []byte{0x1f, 0x8b}):
		z, err := gzip.NewReader(b)
		if err != nil {
			return nil, err
		}
		return bufio.NewReaderSize(z, 64<<10), nil
	case bytes.HasPrefix(head, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		z, err := zstd.NewReader(b, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return nil, err
		}
		return bufio.NewReaderSize(z.IOReadCloser(), 64<<10), nil
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		return nil, errors.New("is a zip archive: unpack it first, for example unzip -p FILE.zip | fivechat import -")
	default:
		return b, nil
	}
}

// isTar reports whether a tar archive begins here, by the magic of its first header.
func isTar(b *bufio.Reader) bool {
	const at, magic = 257, "ustar"
	head, _ := b.Peek(at + len(magic))
	return len(head) == at+len(magic) && string(head[at:]) == magic
}

// tarFiles reads the files of an archive one after another, with a line break between them.
type tarFiles struct {
	archive *tar.Reader
	inFile  bool
}

// Read implements io.Reader.
func (t *tarFiles) Read(p []byte) (int, error) {
	for {
		if !t.inFile {
			h, err := t.archive.Next()
			if err != nil {
				return 0, err
			}
			t.inFile = h.Typeflag == tar.TypeReg
			continue
		}
		n, err := t.archive.Read(p)
		if errors.Is(err, io.EOF) {
			t.inFile = false
			if n < len(p) {
				p[n], n = '\n', n+1
			}
			return n, nil
		}
		if err != nil {
			err = fmt.Errorf("in the archive: %w", err)
		}
		return n, err
	}
}
