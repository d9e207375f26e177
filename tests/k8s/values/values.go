// Package values makes the table of a chart's values from the comments in its values.yaml. It is written by hand
// because the usual tool depends on all of Helm, which would have to be compiled before a table of comments can be
// checked.
package values

import (
	"encoding/json"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
)

// mark begins the comment that documents a value.
const mark = "# -- "

// Table returns a Markdown table of the documented values in a values.yaml, and the paths of values without a comment.
// A documented mapping is one row.
func Table(content []byte) (table string, undocumented []string, err error) {
	var document yaml.Node
	if err := yaml.Unmarshal(content, &document); err != nil {
		return "", nil, err
	}
	var b strings.Builder
	b.WriteString("| value | default | what it is |\n|---|---|---|\n")
	err = walk(document.Content[0], "", func(path, words string, value *yaml.Node) error {
		if words == "" {
			undocumented = append(undocumented, path)
			return nil
		}
		var v any
		if err := value.Decode(&v); err != nil {
			return err
		}
		shown, err := json.Marshal(v)
		if err != nil {
			return err
		}
		fmt.Fprintf(&b, "| `%s` | `%s` | %s |\n", path, shown, strings.ReplaceAll(words, "|", `\|`))
		return nil
	})
	return b.String(), undocumented, err
}

// walk calls tell with each value that is documented or has no members.
func walk(mapping *yaml.Node, above string, tell func(path, words string, value *yaml.Node) error) error {
	for i := 0; i < len(mapping.Content); i += 2 {
		key, value := mapping.Content[i], mapping.Content[i+1]
		path, words := above+key.Value, ""
		for _, line := range strings.Split(key.HeadComment, "\n") {
			if after, is := strings.CutPrefix(line, mark); is {
				words = after
			}
		}
		var err error
		if words == "" && value.Kind == yaml.MappingNode && len(value.Content) > 0 {
			err = walk(value, path+".", tell)
		} else {
			err = tell(path, words, value)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
