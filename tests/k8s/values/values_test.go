package values_test

import (
	"slices"
	"strings"
	"testing"

	"fivechat.dev/tests/k8s/values"
)

func TestTable(t *testing.T) {
	t.Parallel()
	const file = "# About the file.\n\na:\n  # -- First | words.\n  b: 5\n  c: {}\n# -- A whole.\nd:\n  e: [x]\n"
	table, undocumented, err := values.Table([]byte(file))
	if err != nil {
		t.Fatal(err)
	}
	rows := strings.Split(strings.TrimSpace(table), "\n")[2:]
	want := []string{"| `a.b` | `5` | First \\| words. |", "| `d` | `{\"e\":[\"x\"]}` | A whole. |"}
	if !slices.Equal(rows, want) {
		t.Errorf("%q", rows)
	}
	if !slices.Equal(undocumented, []string{"a.c"}) {
		t.Errorf("undocumented: %v", undocumented)
	}
	if _, _, err := values.Table([]byte("a: [")); err == nil {
		t.Error("invalid YAML has a table")
	}
}
