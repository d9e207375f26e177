package sim

import (
	"bytes"
	"errors"
	"fmt"
)

// The lines that mark the place of the tables in a page.
var begins, ends = []byte("<!-- tables -->\n"), []byte("<!-- end of tables -->\n")

// Put gives a page with tables in their place.
func Put(page, tables []byte) ([]byte, error) {
	before, rest, there := bytes.Cut(page, begins)
	_, after, closed := bytes.Cut(rest, ends)
	if !there || !closed {
		return nil, errors.New("the page has no place for tables")
	}
	return fmt.Appendf(nil, "%s%s%s\n%s%s", before, begins, tables, ends, after), nil
}
