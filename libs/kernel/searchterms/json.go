package searchterms

// JSONLength is how many bytes a text has as a JSON string, without the quotes around it: control characters take six
// (two where JSON has a short form), a quote and a backslash two.
func JSONLength(text string) int {
	n := len(text)
	for i := range len(text) {
		switch c := text[i]; {
		case c == '"' || c == '\\' || c == '\n' || c == '\r' || c == '\t' || c == '\b' || c == '\f':
			n++
		case c < ' ':
			n += 5
		}
	}
	return n
}
