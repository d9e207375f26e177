package httpkit

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"mime"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// Table is a response of rows and cells. A cell is text, a number, a time, or nil if it is empty.
type Table struct {
	Name   string // the file name, without extension, that browsers suggest
	Header []string
	Rows   [][]any
}

// tabular is a response that is also available as text/csv.
type tabular interface{ Table() Table }

// CSV encodes the table according to RFC 4180, with its header first. A text that a spreadsheet would interpret as a
// formula gets a leading apostrophe (OWASP, "CSV Injection"). Numbers need none.
func (t Table) CSV() ([]byte, error) {
	var out bytes.Buffer
	w := csv.NewWriter(&out)
	w.UseCRLF = true
	_ = w.Write(t.Header) // Flush reports the error
	line := make([]string, len(t.Header))
	for _, row := range t.Rows {
		if len(row) != len(line) {
			return nil, fmt.Errorf("httpkit: a row of %s has %d cells and %d headers", t.Name, len(row), len(line))
		}
		for i, c := range row {
			line[i] = cell(c)
		}
		_ = w.Write(line)
	}
	w.Flush()
	return out.Bytes(), w.Error()
}

func cell(value any) string {
	v := reflect.ValueOf(value)
	if v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return ""
		}
		v = v.Elem()
	}
	if !v.IsValid() {
		return ""
	}
	switch at := v.Interface().(type) {
	case time.Time:
		return at.Format(time.RFC3339)
	case float64:
		return strconv.FormatFloat(at, 'f', -1, 64)
	case string:
		if strings.ContainsAny(at[:min(len(at), 1)], "=+-@\t\r\n") {
			return "'" + at
		}
		return at
	default:
		return fmt.Sprint(at)
	}
}

// wantsTable reports whether the client names text/csv in Accept and prefers nothing over it.
func wantsTable(r *http.Request) bool {
	quality := map[string]float64{}
	for _, one := range strings.Split(strings.Join(r.Header.Values("Accept"), ","), ",") {
		media, params, err := mime.ParseMediaType(one)
		if err != nil {
			continue
		}
		quality[media] = 1
		if q, err := strconv.ParseFloat(params["q"], 64); err == nil {
			quality[media] = q
		}
	}
	return quality["text/csv"] > 0 && quality["text/csv"] >= quality["application/json"]
}

// writeTable responds with a table as a file.
func writeTable(w http.ResponseWriter, status int, t Table) error {
	body, err := t.CSV()
	if err != nil {
		return err
	}
	w.Header().
		Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": t.Name + ".csv"}))
	write(w, status, "text/csv; charset=utf-8; header=present", body)
	return nil
}
