package importer

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// sender posts batches and counts.
type sender struct {
	o    Options
	http *http.Client

	mu     sync.Mutex
	result Result
	lines  int
}

func (s *sender) bad(number int, why error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.result.Bad++
	s.o.BadLine(number, why)
	s.progress(1)
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

// refusal is a 4xx answer.
type refusal struct {
	Status int
	Detail string
	Errors []struct{ Field, Message string }
}

func (r *refusal) Error() string { return fmt.Sprintf("%d %s", r.Status, r.Detail) }

// send posts a batch. Rows that the server names as bad are left out, and the rest is sent again.
func (s *sender) send(ctx context.Context, batch []line) error {
	for len(batch) > 0 {
		imported, existing, err := s.post(ctx, batch)
		var no *refusal
		if errors.As(err, &no) && no.Status == http.StatusBadRequest {
			rest := s.without(batch, no)
			if len(rest) == len(batch) {
				return err // it names no row
			}
			batch = rest
			continue
		}
		if err != nil {
			return err
		}
		s.mu.Lock()
		s.result.Imported += imported
		s.result.Existing += existing
		s.progress(len(batch))
		s.mu.Unlock()
		return nil
	}
	return nil
}

func (s *sender) without(batch []line, no *refusal) []line {
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
	var rest []line
	for i, l := range batch {
		if why[i] != nil {
			s.bad(l.number, why[i])
			continue
		}
		rest = append(rest, l)
	}
	return rest
}

type wireRow struct {
	Key    string   `json:"key"`
	Topics []string `json:"topics"`
	Turns  []turn   `json:"turns"`
}

func (s *sender) post(ctx context.Context, batch []line) (imported, existing int, err error) {
	rows := make([]wireRow, len(batch))
	for i, l := range batch {
		rows[i] = wireRow{l.row.ID, l.row.Topics, l.row.Turns}
	}
	body, err := json.Marshal(map[string]any{"rows": rows})
	if err != nil {
		return 0, 0, err
	}
	pause := 200 * time.Millisecond
	for attempt := 1; ; attempt++ {
		imported, existing, err = s.once(ctx, body)
		var no *refusal
		final := errors.As(err, &no) && no.Status < 500 && no.Status != http.StatusTooManyRequests
		switch {
		case err == nil || final:
			return imported, existing, err
		case attempt == attempts:
			return 0, 0, fmt.Errorf("gave up after %d attempts; what was stored stays, so run the import again: %w", attempts, err)
		}
		select {
		case <-ctx.Done():
			return 0, 0, ctx.Err()
		case <-time.After(pause):
			pause *= 2
		}
	}
}

func (s *sender) once(ctx context.Context, body []byte) (imported, existing int, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.o.URL+"/conversations/import", bytes.NewReader(body))
	if err != nil {
		return 0, 0, err
	}
	req.Header.Set("Authorization", "Bearer "+s.o.Token)
	req.Header.Set("Content-Type", "application/json")
	resp, err := s.http.Do(req)
	if err != nil {
		return 0, 0, err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return 0, 0, err
	}
	if resp.StatusCode != http.StatusOK {
		no := &refusal{Status: resp.StatusCode}
		if json.Unmarshal(b, no) != nil {
			no.Detail = string(b)
		}
		no.Status = resp.StatusCode
		return 0, 0, no
	}
	var r struct{ Imported, Existing int }
	if err := json.Unmarshal(b, &r); err != nil {
		return 0, 0, fmt.Errorf("the answer is not JSON: %w", err)
	}
	return r.Imported, r.Existing, nil
}
