package incoming

import (
	"strings"

	"fivechat.dev/libs/kernel/excerpt"
)

// Bounds of a signature in lines: one that begins with two hyphens but without their space is short.
const (
	maxSignature      = 60
	maxLooseSignature = 12
)

// splitSignature divides the author's text from the signature below it. foot is nil if there is none.
func splitSignature(lines []string) (mine, foot []string) {
	if mine, foot = splitDashes(lines); foot != nil {
		return mine, foot
	}
	for i := len(lines) - 1; i >= 0; i-- {
		if strings.ContainsRune(lines[i], signatureMark) && !isBlank(lines[:i]) {
			return lines[:i], lines[i:]
		}
	}
	end := len(lines)
	for end > 0 && strings.TrimSpace(lines[end-1]) == "" {
		end--
	}
	if end > 0 && isDeviceLine(lines[end-1]) {
		return lines[:end-1], lines[end-1:]
	}
	return lines, nil
}

// splitDashes divides lines at "-- ", which begins a signature (RFC 3676), or at the footer of a mailing list.
func splitDashes(lines []string) (mine, foot []string) {
	for i, line := range lines {
		left := len(lines) - i
		switch {
		case line == "-- " && left <= maxSignature, strings.TrimRight(line, " ") == "--" && left <= maxLooseSignature,
			left <= maxSignature && isListFooter(lines[i:]):
			return lines[:i], lines[i:]
		}
	}
	return lines, nil
}

// isDeviceLine reports whether a phone or a service wrote a line.
func isDeviceLine(line string) bool {
	line = strings.ToLower(strings.TrimLeft(line, " *_[<"+string(signatureMark)))
	if len(line) > 150 {
		return false
	}
	for _, start := range deviceLines {
		if strings.HasPrefix(line, start) {
			return true
		}
	}
	return false
}

// isListFooter reports whether lines begin with a long line of underscores or hyphens, and the footer of a mailing list
// follows.
func isListFooter(lines []string) bool {
	rule := strings.TrimSpace(lines[0])
	if len(rule) < 2 || strings.Trim(rule, "_-=") != "" {
		return false
	}
	for _, line := range lines[1:min(len(lines), 4)] {
		line = strings.ToLower(excerpt.Cut(line, 300))
		for _, footer := range footers {
			if strings.Contains(line, footer) {
				return true
			}
		}
	}
	return false
}
