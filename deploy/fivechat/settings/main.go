// Command settings writes the table of environment variables into a page, between the lines that mark it:
//
//	settings ROOT PAGE
//
// Names, types and defaults come from the programs' settings by reflection (programs.go). The meaning of a variable is
// the comment of its field, which is read from the sources below ROOT (comments.go).
package main

import (
	"bytes"
	"fmt"
	"os"
)

// The lines of the page between which the table stands.
const (
	begin = "<!-- settings -->\n"
	end   = "<!-- end of settings -->\n"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: settings ROOT PAGE")
		os.Exit(2)
	}
	if err := update(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "settings:", err)
		os.Exit(1)
	}
}

// update replaces the table in the page.
func update(root, path string) error {
	table, err := table(root)
	if err != nil {
		return err
	}
	page, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	page, err = insert(page, table)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return os.WriteFile(path, page, 0o644)
}

// insert returns the page with the table between its marks.
func insert(page, table []byte) ([]byte, error) {
	before, rest, hasBegin := bytes.Cut(page, []byte(begin))
	_, after, hasEnd := bytes.Cut(rest, []byte(end))
	if !hasBegin || !hasEnd {
		return nil, fmt.Errorf("the marks %q and %q are missing", begin, end)
	}
	return fmt.Appendf(nil, "%s%s%s%s%s", before, begin, table, end, after), nil
}
