// Package importer sends dialogues, one JSON object a line, or the conversations of an export, to a website's import
// operation. The server keys rows by their id, so a file can be sent again after any failure, and nothing is stored
// twice. The package repairs what has only one meaning (source.go, dialogue.go), and names every other bad line.
package importer

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

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
	Input      io.Reader // JSON lines: dialogues or an export; may be packed, in an archive, or UTF-16
	DryRun     bool      // read and check all lines, and send nothing
	Strict     bool      // stop at the first bad line
	Progress   func(lines int)
	BadLine    func(number int, why error)
	Left       func(kind string) // a row of an export that isn't imported; may be nil
}

// Result counts conversations and lines.
type Result struct {
	Imported int // of a dry run: that would be sent
	Existing int
	Bad      int
}

// ErrStrict is the error of a bad line if the import is strict. Lines above it may have been imported.
var ErrStrict = errors.New("stopped at the first bad line")

// line is a row that will be sent, with its place in the file.
type line struct {
	number int
	row    api.ImportRow
	size   int
}

// Run imports until the input ends. It reports a line that isn't a dialogue to BadLine and skips it. If the server
// doesn't answer, Run retries a few times before it fails.
func Run(ctx context.Context, o Options) (Result, error) {
	if o.Left == nil {
		o.Left = func(string) {}
	}
	input, err := text(o.Input)
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

func (s *sender) read(ctx context.Context, input io.Reader, flush func([]line)) error {
	r := bufio.NewReaderSize(input, 64<<10)
	var batch []line
	rows := newGatherer(s.o.Left)
	size := 0
	for number := 1; ctx.Err() == nil; number++ {
		text, err := readLine(r)
		if len(bytes.TrimSpace(text)) > 0 || errors.Is(err, errLong) {
			l, why := rows.addLine(number, text)
			if errors.Is(err, errLong) {
				why = err
			}
			if why != nil {
				if err := s.bad(number, why); err != nil {
					return err
				}
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
