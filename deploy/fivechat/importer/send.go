package importer

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"fivechat.dev/libs/client"
	"fivechat.dev/libs/client/api"
)

// sender posts batches and counts.
type sender struct {
	o   Options
	api *client.Client

	mu     sync.Mutex
	result Result
	lines  int
}

// bad reports a bad line. If the import is strict, the error ends it.
func (s *sender) bad(number int, why error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.result.Bad++
	s.o.BadLine(number, why)
	s.progress(1)
	if s.o.Strict {
		return ErrStrict
	}
	return nil
}

func (s *sender) progress(n int) {
	s.lines += n
	s.o.Progress(s.lines)
}

func (s *sender) total() Result {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.result
}

// send posts a batch. Rows that the server names as bad are left out, and the rest is sent again.
func (s *sender) send(ctx context.Context, batch []line) error {
	if s.o.DryRun {
		s.stored(api.Imported{Imported: len(batch)})
		return nil
	}
	for len(batch) > 0 {
		done, err := s.api.ImportConversations(ctx, nil, api.Import{Rows: rowsOf(batch)})
		var no *client.Refusal
		switch {
		case errors.As(err, &no) && no.Status == http.StatusBadRequest:
			rest, stop := s.without(batch, no)
			if stop != nil {
				return stop
			}
			if len(rest) == len(batch) {
				return err // it names no row
			}
			batch = rest
			continue
		case errors.As(err, &no) && no.Status < 500 && no.Status != http.StatusTooManyRequests:
			return err
		case err != nil:
			return fmt.Errorf("stored rows stay, so run the import again: %w", err)
		}
		s.stored(done.Body)
		return nil
	}
	return nil
}

// stored counts the rows of a batch.
func (s *sender) stored(done api.Imported) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.result.Imported += done.Imported
	s.result.Existing += done.Existing
	s.progress(done.Imported + done.Existing)
}

// without returns the rows of a batch that a refusal doesn't name.
func (s *sender) without(batch []line, no *client.Refusal) (rest []line, stop error) {
	why := map[int]error{}
	for _, e := range no.Errors {
		parts := strings.SplitN(e.Field, ".", 3)
		if len(parts) < 2 || parts[0] != "rows" {
			continue
		}
		if i, err := strconv.Atoi(parts[1]); err == nil && i < len(batch) && why[i] == nil {
			why[i] = fmt.Errorf("%s %s", strings.Join(parts[2:], "."), e.Message)
		}
	}
	for i, l := range batch {
		if why[i] == nil {
			rest = append(rest, l)
		} else if err := s.bad(l.number, why[i]); err != nil {
			return nil, err
		}
	}
	return rest, nil
}

func rowsOf(batch []line) []api.ImportRow {
	rows := make([]api.ImportRow, len(batch))
	for i, l := range batch {
		rows[i] = l.row
	}
	return rows
}
