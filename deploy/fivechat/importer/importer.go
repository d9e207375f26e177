// Package importer sends dialogues, one JSON object a line, or the conversations of an export, to a website's import
// operation. The server keys rows by their id, so a file can be sent again after any failure and nothing stands twice.
package importer

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/sync/errgroup"

	"fivechat.dev/libs/client"
	"fivechat.dev/libs/client/api"
)

// The bounds of one request, below the server's limits, and of the requests in progress.
const (
	batchRows  = 100
	batchBytes = 4 << 20
	inFlight   = 3
	maxLine    = 4 << 20
)

// Options say what to import where.
type Options struct {
	URL, Token string
	Input      io.Reader // JSON lines: dialogues or an export, gzipped or not
	Progress   func(lines int)
	BadLine    func(number int, why error)
}

// Result counts lines.
type Result struct {
	Imported, Existing, Bad int
}

// row is a line of the file; its names are the file's.
type row struct {
	ID     string           `json:"id"`
	Topics []string         `json:"topics"`
	Turns  []api.ImportTurn `json:"turns"`
}

// line is a row that will be sent, with its place in the file.
type line struct {
	number int
	row    row
	size   int
}

// Run imports until the input ends. It reports a line that isn't a dialogue to BadLine and skips it. If the server
// doesn't answer, Run retries a few times before it fails.
func Run(ctx context.Context, o Options) (Result, error) {
	input, err := plain(o.Input)
	if err != nil {
		return Result{}, err
	}
	asking, err := client.New(o.URL, client.Token(o.Token))
	if err != nil {
		return Result{}, err
	}
	s := &sender{o: o, api: asking}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(inFlight)
	readErr := s.read(ctx, input, func(batch []line) { group.Go(func() error { return s.send(ctx, batch) }) })
	if err := group.Wait(); err != nil { // it also ended the reading
		return s.total(), err
	}
	return s.total(), readErr
}

// plain unpacks input where it begins like a gzip file.
func plain(r io.Reader) (io.Reader, error) {
	b := bufio.NewReaderSize(r, 64<<10)
	if head, _ := b.Peek(2); !bytes.Equal(head, []byte{0x1f, 0x8b}) {
		return b, nil
	}
	return gzip.NewReader(b)
}

func (s *sender) read(ctx context.Context, input io.Reader, flush func([]line)) error {
	r := bufio.NewReaderSize(input, 64<<10)
	var batch []line
	var rows gatherer
	size := 0
	for number := 1; ctx.Err() == nil; number++ {
		text, err := readLine(r)
		if len(bytes.TrimSpace(text)) > 0 || errors.Is(err, errLong) {
			l, why := rows.addLine(number, text)
			if errors.Is(err, errLong) {
				why = err
			}
			if why != nil {
				s.bad(number, why)
			} else if l != nil {
				batch, size = append(batch, *l), size+l.size
			}
		}
		end := err != nil && !errors.Is(err, errLong)
		if len(batch) == batchRows || size >= batchBytes || (end && len(batch) > 0) {
			flush(batch)
			batch, size = nil, 0
		}
		if errors.Is(err, io.EOF) {
			return rows.end()
		}
		if end {
			return fmt.Errorf("line %d: %w", number, err)
		}
	}
	return ctx.Err()
}

var errLong = fmt.Errorf("is longer than %d bytes", maxLine)

// readLine gives one line without its break. A line over maxLine is read to its end and refused.
func readLine(r *bufio.Reader) ([]byte, error) {
	var text []byte
	long := false
	for {
		part, err := r.ReadSlice('\n')
		if long = long || len(text)+len(part) > maxLine; !long {
			text = append(text, part...)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case long && err == nil:
			return nil, errLong
		default:
			return text, err
		}
	}
}

func parse(number int, text []byte) (line, error) {
	l := line{number: number, size: len(text)}
	if !utf8.Valid(text) {
		return l, errors.New("is not UTF-8")
	}
	if err := json.Unmarshal(text, &l.row); err != nil {
		return l, err
	}
	if strings.TrimSpace(l.row.ID) == "" {
		return l, errors.New("has no id")
	}
	if len(l.row.Turns) == 0 {
		return l, errors.New("has no turns")
	}
	return l, nil
}
