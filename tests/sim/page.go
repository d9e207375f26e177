package sim

import (
	"bytes"
	"errors"
	"fmt"
)

// The lines that mark the place of the tables in a page.
var begins, ends = []byte("<!-- tables -->\n"), []byte("<!-- end of tables -->\n")

// Put returns a page with tables between its marks.
func Put(page, tables []byte) ([]byte, error) {
	before, rest, there := bytes.Cut(page, begins)
	_, after, closed := bytes.Cut(rest, ends)
	if !there || !closed {
		return nil, errors.New("the page has no marks for the tables")
	}
	return fmt.Appendf(nil, "%s%s%s\n%s%s", before, begins, tables, ends, after), nil
}
