// Command chart writes the table of a chart's values into its README, between the lines that mark it: chart DIR.
package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"

	"fivechat.dev/tests/k8s/values"
)

func main() {
	if err := write(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "chart:", err)
		os.Exit(1)
	}
}

func write(dir string) error {
	content, err := os.ReadFile(filepath.Join(dir, "values.yaml"))
	if err != nil {
		return err
	}
	table, undocumented, err := values.Table(content)
	if err != nil {
		return err
	}
	if len(undocumented) > 0 {
		return fmt.Errorf("values without a comment: %v", undocumented)
	}
	path := filepath.Join(dir, "README.md")
	readme, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	before, rest, begins := bytes.Cut(readme, []byte("<!-- values -->\n"))
	_, after, ends := bytes.Cut(rest, []byte("<!-- end of values -->\n"))
	if !begins || !ends {
		return fmt.Errorf("%s has no place for the values", path)
	}
	return os.WriteFile(path, fmt.Appendf(nil, "%s<!-- values -->\n%s<!-- end of values -->\n%s", before, table,
		after), 0o644)
}
