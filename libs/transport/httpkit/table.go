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

// Table is an answer as rows of cells: text, numbers, times, or nil for a cell that is empty.
type Table struct {
	Name   string // of the file that a browser saves
	Header []string
	Rows   [][]any
}

// tabular is an answer that is a table too: who asks for text/csv gets it so.
type tabular interface{ Table() Table }

// CSV gives the table as RFC 4180 has it, its header first. A text that a spreadsheet would take for a formula begins with
// an apostrophe (OWASP, "CSV Injection"); numbers are never mistaken for one.
func (t Table) CSV() ([]byte, error) {
	var out bytes.Buffer
	w := csv.NewWriter(&out)
	w.UseCRLF = true
	_ = w.Write(t.Header) // an error stays until Flush
	line := make([]string, len(t.Header))
	for _, row := range t.Rows {
		if len(row) != len(line) {
			return nil, fmt.Errorf("httpkit: a row of %s has %d cells under %d headers", t.Name, len(row), len(line))
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

// wantsTable says whether the client of a request asks for text/csv by name, and likes nothing better.
func wantsTable(r *http.Request) bool {
	likes := map[string]float64{}
	for _, one := range strings.Split(strings.Join(r.Header.Values("Accept"), ","), ",") {
		media, params, err := mime.ParseMediaType(one)
		if err != nil {
			continue
		}
		likes[media] = 1
		if q, err := strconv.ParseFloat(params["q"], 64); err == nil {
			likes[media] = q
		}
	}
	return likes["text/csv"] > 0 && likes["text/csv"] >= likes["application/json"]
}

// writeTable answers with a table as a file.
func writeTable(w http.ResponseWriter, status int, t Table) error {
	body, err := t.CSV()
	if err != nil {
		return err
	}
	w.Header().Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": t.Name + ".csv"}))
	write(w, status, "text/csv; charset=utf-8; header=present", body)
	return nil
}
