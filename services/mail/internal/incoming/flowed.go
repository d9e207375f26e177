package incoming

import (
	"strings"
)

// unflow joins the lines of text in format=flowed (RFC 3676): a line that ends with a space continues in the next one
// of the same quote depth. With delSp, that space isn't a part of the text.
func unflow(text string, delSp bool) string {
	var b strings.Builder
	depth, open := 0, false
	for line := range strings.SplitSeq(text, "\n") {
		own := 0
		for own < len(line) && line[own] == '>' {
			own++
		}
		content := line[own:]
		if !strings.HasPrefix(content, " >") { // a sender adds a space before text that would look special
			content = strings.TrimPrefix(content, " ")
		}
		if open && (own != depth || content == "-- ") {
			b.WriteByte('\n')
			open = false
		}
		if !open && own > 0 {
			b.WriteString(strings.Repeat(">", own) + " ")
		}
		depth, open = own, strings.HasSuffix(content, " ") && content != "-- "
		if open && delSp {
			content = strings.TrimSuffix(content, " ")
		}
		b.WriteString(content)
		if !open {
			b.WriteByte('\n')
		}
	}
	return strings.TrimSuffix(b.String(), "\n")
}
