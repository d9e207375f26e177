package operator

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
)

// ExportWebsite writes all that is kept of a website, one JSON object a line, and gives the number of rows.
func (c Client) ExportWebsite(ctx context.Context, id int64, into io.Writer) (int64, error) {
	return c.export(ctx, ofWebsite(id, "/export"), into)
}

// ExportVisitor writes all that is kept of a visitor.
func (c Client) ExportVisitor(ctx context.Context, website int64, token string, into io.Writer) (int64, error) {
	return c.export(ctx, ofWebsite(website, "/visitors/"+url.PathEscape(token)+"/export"), into)
}

// exportClient has no timeout, because an export may take long.
var exportClient = &http.Client{}

// export copies an answer, and insists on its last line.
func (c Client) export(ctx context.Context, path string, into io.Writer) (int64, error) {
	req, err := http.NewRequestWithContext(ctx, "GET", c.URL+path, nil)
	if err != nil {
		return 0, err
	}
	req.Header.Set("Authorization", "Bearer "+c.Key)
	resp, err := exportClient.Do(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	if resp.StatusCode >= 400 {
		return 0, refusal("GET", path, resp)
	}
	var end tail
	if _, err := io.Copy(io.MultiWriter(into, &end), resp.Body); err != nil {
		return 0, fmt.Errorf("the export broke off: %w", err)
	}
	return end.rows()
}

// tail keeps the last line that was written, and counts lines.
type tail struct {
	lines int64
	last  []byte // of at most maxTail bytes
}

const maxTail = 128

// Write implements io.Writer.
func (t *tail) Write(b []byte) (int, error) {
	t.lines += int64(bytes.Count(b, []byte{'\n'}))
	t.last = append(t.last, b...)
	t.last = append([]byte(nil), t.last[max(len(t.last)-maxTail, 0):]...)
	return len(b), nil
}

var errTorn = errors.New("the export is incomplete")

func (t *tail) rows() (int64, error) {
	text := bytes.TrimSuffix(t.last, []byte{'\n'})
	text = text[bytes.LastIndexByte(text, '\n')+1:]
	var end struct {
		Kind string `json:"kind"`
		Rows int64  `json:"rows"`
	}
	if err := json.Unmarshal(text, &end); err != nil || end.Kind != "end" || end.Rows != t.lines-1 {
		return 0, errTorn
	}
	return end.Rows, nil
}
