package workspace

import (
	"fmt"
	"slices"
	"strings"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/searchterms"
)

// The bounds of canned replies.
const (
	MaxReplies   = 2_000    // of one website, shared and own ones together
	MaxRepliesOf = 1_000    // shared ones, and those of one user
	maxText      = 16 << 10 // bytes
	maxTitle     = 200      // bytes
	maxShortcut  = 64       // characters
	maxFolder    = 100      // bytes
	maxTerms     = 500      // terms by which searches find a reply
	maxValue     = 1_000    // bytes of the value of a variable
)

// Reply is a text that agents use again and again.
type Reply struct {
	Item     `bson:"inline"`
	Shortcut string   `bson:"shortcut"`
	Title    string   `bson:"title"`
	Text     string   `bson:"text"`
	Folder   string   `bson:"folder"`   // "" for none
	Language string   `bson:"language"` // "" for all
	Uses     int64    `bson:"uses"`
	Terms    []string `bson:"terms,omitempty"` // what searches find the reply by
}

func (r *Reply) check(wrong *fault.Problems) {
	wrong.Check(validShortcut(r.Shortcut), "shortcut", "must be 1 to 64 of a-z 0-9 -")
	checkName(wrong, "title", r.Title)
	wrong.Check(strings.TrimSpace(r.Text) != "", "text", "must not be blank")
	checkText(wrong, "text", r.Text)
	wrong.Check(len(r.Folder) <= maxFolder, "folder", fmt.Sprintf("must be at most %d bytes", maxFolder))
	wrong.Check(validLanguage(r.Language), "language", "must be a language like de or pt-BR")
}

func (r *Reply) audited() map[string]any {
	return map[string]any{"shortcut": r.Shortcut, "title": r.Title}
}

func (r *Reply) complete() {
	r.Terms = searchterms.Of(maxTerms, r.Shortcut, r.Title, r.Folder, r.Text)
}

// checkName checks the title of a reply, or the name of a view or macro.
func checkName(wrong *fault.Problems, field, name string) {
	wrong.Check(strings.TrimSpace(name) != "", field, "must not be blank")
	wrong.Check(len(name) <= maxTitle, field, fmt.Sprintf("must be at most %d bytes", maxTitle))
}

func validShortcut(s string) bool {
	return s != "" && len(s) <= maxShortcut && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}

func validLanguage(s string) bool {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-"
	return s == "" || len(s) >= 2 && len(s) <= 35 && strings.Trim(s, letters) == ""
}

// Values are the values of variables, by their names.
type Values map[string]string

// Validate returns an Invalid fault that lists every wrong field.
func (v Values) Validate() error {
	var wrong fault.Problems
	for name, value := range v {
		wrong.Check(slices.Contains(variables, name), "values", "must have the names "+strings.Join(variables, ", "))
		wrong.Check(len(value) <= maxValue, "values", fmt.Sprintf("must be at most %d bytes each", maxValue))
	}
	return wrong.Err()
}
