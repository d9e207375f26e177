package incoming

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"fivechat.dev/libs/kernel/excerpt"
)

// history is where the quoted history of a text begins.
type history struct {
	at      int  // its first line; the number of lines if there is none
	forward bool // it is a forwarded mail rather than an answered one
	head    int  // the first line after a separator or attribution
	// The quoted lines above the author's own text, if they are the only ones: [from, to).
	topFrom, topTo int
}

// splitText divides the lines of a mail into the author's own text, the history that it quotes and the signature.
// Answers between quoted lines keep these lines, because they mean nothing without. forwards says that the subject is
// one of forwarded mail.
func splitText(text string, forwards bool) (own, quoted, signature string, forward *Forwarded) {
	lines := strings.Split(text, "\n")
	h := findHistory(lines, forwards)
	mine, rest := lines[:h.at], lines[h.at:]
	if h.topTo > h.topFrom && isBlank(mine[:h.topFrom]) {
		quoted = join(mine[h.topFrom:h.topTo])
		mine = mine[h.topTo:]
	}
	if h.forward {
		forward = readForward(lines[h.head:])
	} else {
		quoted = strings.Trim(quoted+"\n\n"+join(rest), "\n")
	}
	mine, foot := splitSignature(mine)
	if foot == nil { // below a quote that follows the author's text
		rest, foot = splitDashes(rest)
		if foot != nil && !h.forward {
			quoted = strings.Trim(join(rest), "\n")
		}
	}
	return join(mine), quoted, join(foot), forward
}

// join returns lines as text, without marks, without white space at their ends and without blank lines around them.
func join(lines []string) string {
	trimmed := make([]string, len(lines))
	for i, line := range lines {
		trimmed[i] = strings.TrimRight(line, " \t\u00a0")
	}
	text := strings.Map(func(r rune) rune {
		if r == historyMark || r == signatureMark {
			return -1
		}
		return r
	}, strings.Join(trimmed, "\n"))
	return strings.Trim(text, "\n")
}

func isBlank(lines []string) bool {
	for _, line := range lines {
		if strings.TrimSpace(line) != "" {
			return false
		}
	}
	return true
}

// findHistory finds the history at the end of a text: the first line that begins one, and after which the author
// writes nothing.
func findHistory(lines []string, forwards bool) history {
	none := history{at: len(lines)}
	inner, topFrom, topTo := 0, 0, 0
	for i := 0; i < len(lines); {
		start, found := beginning(lines, i, forwards)
		if !found {
			i++
			continue
		}
		end := start.head
		for end < len(lines) && strings.TrimSpace(lines[end]) == "" {
			end++
		}
		isQuote := end < len(lines) && isQuoted(lines[end])
		for end < len(lines) && (isQuoted(lines[end]) || strings.TrimSpace(lines[end]) == "") {
			end++
		}
		if start.forward || !isQuote || isFooter(lines[end:]) {
			if inner == 1 {
				start.topFrom, start.topTo = topFrom, topTo
			}
			return start
		}
		if inner++; inner == 1 {
			topFrom, topTo = i, end
		}
		i = end
	}
	if inner == 1 {
		none.topFrom, none.topTo = topFrom, topTo
	}
	return none
}

// isFooter reports whether lines have nothing of the author: nothing at all, or a signature.
func isFooter(lines []string) bool {
	for i, line := range lines {
		if strings.TrimSpace(line) != "" {
			return strings.TrimRight(line, " ") == "--" || isDeviceLine(line) || isListFooter(lines[i:])
		}
	}
	return true
}

// beginning reports whether line i begins history.
func beginning(lines []string, i int, forwards bool) (history, bool) {
	line := strings.TrimLeftFunc(lines[i], func(r rune) bool { return r == historyMark })
	marked := len(line) < len(lines[i])
	if isQuoted(line) {
		if plain, _ := undecorated(unquoted(line)); forwardSeparators[plain] {
			return history{at: i, head: i + 1, forward: true}, true
		}
		return history{at: i, head: i}, true
	}
	plain, dashes := undecorated(line)
	switch {
	case plain == "":
		if !marked && dashes && i+1 < len(lines) && isHead(lines, i+1) { // Outlook's line above the head
			return history{at: i, head: i + 1, forward: forwards}, true
		}
	case forwardSeparators[plain] && (dashes || strings.HasSuffix(strings.TrimRight(line, " *"), ":")),
		dashes && hasForwardPrefix(plain):
		return history{at: i, head: i + 1, forward: true}, true
	case separators[plain] && dashes:
		return history{at: i, head: i + 1, forward: forwards && headFollows(lines, i+1)}, true
	case isHead(lines, i):
		return history{at: i, head: i, forward: forwards}, true
	}
	if n := attribution(lines, i); n > 0 {
		return history{at: i, head: i + n}, true
	}
	if dashes && isAttribution(plain+":", true, false) { // Zoho: ---- On Monday Anna wrote ----
		return history{at: i, head: i + 1}, true
	}
	if marked && plain != "" {
		return history{at: i, head: i + 1}, true
	}
	return history{}, false
}

// hasForwardPrefix reports whether a separator begins like "Forwarded by Anna".
func hasForwardPrefix(plain string) bool {
	return strings.HasPrefix(plain, "forwarded by ") || strings.HasPrefix(plain, "weitergeleitet von ")
}

// headFollows reports whether the head of a mail begins at line i, or after blank lines.
func headFollows(lines []string, i int) bool {
	for i < len(lines) && strings.TrimSpace(lines[i]) == "" {
		i++
	}
	return i < len(lines) && isHead(lines, i)
}

func isQuoted(line string) bool {
	line = strings.TrimLeft(line, string(historyMark)+string(signatureMark))
	return strings.HasPrefix(line, ">") || strings.HasPrefix(line, "｜")
}

// undecorated returns a line in lower case without the hyphens, underscores and stars around its text, and whether it
// begins with at least two hyphens or with a line of underscores.
func undecorated(line string) (plain string, dashes bool) {
	if len(line) > 200 {
		return strings.ToLower(excerpt.Cut(line, 200)), false
	}
	line = strings.TrimSpace(line)
	dashes = strings.HasPrefix(line, "--") || strings.HasPrefix(line, "____") || strings.HasPrefix(line, "——") ||
		strings.HasPrefix(line, "─")
	plain = strings.ToLower(strings.Trim(line, "-_—─* :："))
	return plain, dashes
}

// headLine returns the meaning of a line in the head of a quoted mail, and its value.
func headLine(line string) (role, string) {
	line = strings.TrimLeft(line, " \t*>"+string(historyMark)+string('\u00a0'))
	i := strings.IndexAny(line, ":：")
	if i <= 0 || i > 40 {
		return noRole, ""
	}
	_, size := utf8.DecodeRuneInString(line[i:])
	name := strings.ToLower(strings.TrimRight(line[:i], " *\u00a0"))
	return headWords[name], strings.Trim(line[i+size:], " *\t\u00a0")
}

// maxHead is how many lines the head of a quoted mail has.
const maxHead = 14

// isHead reports whether the head of a quoted mail begins at line i: its author first, and the date, a recipient or
// the subject below, at least two of them. Thunderbird writes the subject first, and GMX the date.
func isHead(lines []string, i int) bool {
	begin, _ := headLine(lines[i])
	if begin != fromRole && begin != subjectRole && begin != dateRole {
		return false
	}
	seen := map[role]bool{}
	for _, line := range lines[i:min(len(lines), i+maxHead)] {
		if r, _ := headLine(line); r != noRole {
			seen[r] = true
		}
	}
	return seen[fromRole] && seen[dateRole] && (seen[toRole] || seen[subjectRole]) ||
		seen[fromRole] && seen[toRole] && seen[subjectRole]
}

// maxAttribution is the size in bytes of the line above a quote, which clients break into up to four lines.
const maxAttribution = 400

// attribution returns how many lines from line i on are the line above a quote, like "On Monday Anna wrote:", or 0.
func attribution(lines []string, i int) int {
	all := ""
	for n := range 4 {
		if i+n >= len(lines) {
			return 0
		}
		line := strings.TrimSpace(strings.TrimLeft(lines[i+n], string(historyMark)))
		if line == "" || len(all)+len(line) > maxAttribution || n > 0 && isQuoted(line) {
			return 0
		}
		all = strings.TrimSpace(all + " " + line)
		if !strings.HasSuffix(line, ":") && !strings.HasSuffix(line, "：") {
			continue
		}
		next := i + n + 1
		for next < len(lines) && strings.TrimSpace(lines[next]) == "" {
			next++
		}
		if isAttribution(strings.ToLower(all), n == 0, next < len(lines) && isQuoted(lines[next])) {
			return n + 1
		}
		return 0
	}
	return 0
}

// isAttribution reports whether s in lower case is the line above a quote. alone says that it is one line of the mail:
// then it may begin with a name. above says that quoted lines follow it.
func isAttribution(s string, alone, above bool) bool {
	first, _ := utf8.DecodeRuneInString(s)
	starts := unicode.IsDigit(first)
	for _, start := range attributionStarts {
		starts = starts || strings.HasPrefix(s, start)
	}
	digits := strings.IndexFunc(s, unicode.IsDigit) >= 0
	address := strings.Contains(s, "@")
	if !digits && !address {
		return alone && (strings.HasSuffix(s, " wrote:") || strings.HasSuffix(s, " schrieb:")) && len(s) < 80
	}
	if alone && above && address {
		return true
	}
	for _, verb := range attributionVerbs {
		if strings.Contains(s, verb) {
			return starts || alone && (above || address || endsWithVerb(s, verb))
		}
	}
	return starts && digits && address && strings.Contains(s, "<") && (strings.HasSuffix(s, ">:") ||
		strings.HasSuffix(s, ">："))
}

// endsWithVerb reports whether nothing but the ending of a verb follows it: napisał(a):.
func endsWithVerb(s, verb string) bool {
	return len(s)-strings.LastIndex(s, verb)-len(verb) <= 8
}
