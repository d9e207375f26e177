package query

import (
	"errors"
	"regexp"
	"regexp/syntax"
	"strings"
)

// MongoDB's regular expressions are PCRE's, and this server's are RE2's, whose time is linear in the text. Where the
// same pattern means something else in RE2, it is translated or refused:
//
//	\s \S          without the vertical tab                      translated
//	\v             the vertical tab only                         translated
//	\w \p [[:…:]]  with the flag i also match what folds to them  refused
//	$              doesn't match before a final newline          translated at the end of a pattern, else refused
//	^ with flag m  also matches after a final newline            refused unless a character must follow

// compileRegex compiles a pattern with options of i, m and s. cost is about the number of instructions and character
// ranges.
func compileRegex(pattern, options string) (re *regexp.Regexp, cost int, err error) {
	pattern, err = translateEscapes(pattern, strings.Contains(options, "i"))
	if err != nil {
		return nil, 0, err
	}
	if options != "" {
		pattern = "(?" + options + ")" + pattern
	}
	tree, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return nil, 0, err
	}
	cost = regexCost(tree)
	if cost > maxRegexCost {
		return nil, cost, nil
	}
	changed, err := translateAnchors(tree, true, false)
	if err != nil {
		return nil, 0, err
	}
	if changed {
		pattern = tree.String()
	}
	re, err = regexp.Compile(pattern)
	return re, cost, err
}

// translateEscapes replaces escapes by their meaning in PCRE. fold says that the pattern ignores case.
func translateEscapes(pattern string, fold bool) (string, error) {
	var b strings.Builder
	fold = fold || foldingGroup.MatchString(pattern)
	inClass := false
	for i := 0; i < len(pattern); i++ {
		c := pattern[i]
		switch {
		case c == '\\' && i+1 < len(pattern):
			i++
			meaning, err := escapeMeaning(pattern[i], inClass, fold)
			if err != nil {
				return "", err
			}
			b.WriteString(meaning)
			if pattern[i] == 'Q' && !inClass { // a literal up to \E
				end := strings.Index(pattern[i:], `\E`)
				if end < 0 {
					end = len(pattern) - i
				}
				b.WriteString(pattern[i+1 : i+end])
				i += end - 1
			}
			continue
		case inClass && strings.HasPrefix(pattern[i:], "[:") && fold:
			return "", errors.New("character classes by name are not supported with the flag i")
		case inClass && strings.HasPrefix(pattern[i:], "[:"):
			end := strings.Index(pattern[i:], ":]")
			if end > 0 {
				b.WriteString(pattern[i : i+end+2])
				i += end + 1
				continue
			}
		case inClass && c == ']':
			inClass = false
		case !inClass && c == '[':
			inClass = true
			b.WriteByte(c)
			for _, next := range "^]" { // a bracket at the beginning is a member
				if i+1 < len(pattern) && pattern[i+1] == byte(next) {
					i++
					b.WriteByte(pattern[i])
				}
			}
			continue
		}
		b.WriteByte(c)
	}
	return b.String(), nil
}

// foldingGroup finds a flag i inside a pattern.
var foldingGroup = regexp.MustCompile(`\(\?[msU]*i`)

// escapeMeaning is the escape of a character in RE2's terms.
func escapeMeaning(c byte, inClass, fold bool) (string, error) {
	members := map[byte]string{'s': `\t\n\x0b\f\r `, 'v': `\n\x0b\f\r\x{85}\x{2028}\x{2029}`}[c]
	switch {
	case members != "" && inClass:
		return members, nil
	case members != "":
		return "[" + members + "]", nil
	case c == 'S' && !inClass:
		return `[^\t\n\x0b\f\r ]`, nil
	case c == 'S':
		return "", errors.New(`\S in a character class is not supported`)
	case fold && strings.IndexByte("wWpP", c) >= 0:
		return "", errors.New(`\w, \W, \p and \P are not supported with the flag i`)
	}
	return `\` + string(c), nil
}

// translateAnchors replaces anchors by their meaning in PCRE, and reports whether it replaced any. last says that
// nothing follows the expression in the pattern, consumes that a character must follow it.
func translateAnchors(re *syntax.Regexp, last, consumes bool) (changed bool, err error) {
	switch re.Op {
	case syntax.OpEndText:
		if re.Flags&syntax.WasDollar == 0 {
			return false, nil
		}
		if !last {
			return false, errors.New("$ is only supported at the end of a pattern")
		}
		newline := &syntax.Regexp{Op: syntax.OpLiteral, Rune: []rune{'\n'}}
		optional := &syntax.Regexp{Op: syntax.OpQuest, Sub: []*syntax.Regexp{newline}}
		*re = syntax.Regexp{Op: syntax.OpConcat, Sub: []*syntax.Regexp{optional, {Op: syntax.OpEndText}}}
		return true, nil
	case syntax.OpBeginLine:
		if !consumes {
			return false, errors.New("^ with the flag m must be followed by a character")
		}
		return false, nil
	case syntax.OpStar, syntax.OpPlus, syntax.OpQuest, syntax.OpRepeat:
		last = last && re.Op == syntax.OpQuest
		consumes = consumes && re.Op == syntax.OpQuest
	}
	for i := len(re.Sub) - 1; i >= 0; i-- {
		sub := re.Sub[i]
		least := minLength(sub)
		one, err := translateAnchors(sub, last, consumes)
		if err != nil {
			return false, err
		}
		changed = changed || one
		if re.Op == syntax.OpConcat {
			last = false
			consumes = consumes || least > 0
		}
	}
	return changed, nil
}

// minLength is a lower bound of the characters that an expression consumes: 0 or 1.
func minLength(re *syntax.Regexp) int {
	switch re.Op {
	case syntax.OpLiteral, syntax.OpCharClass, syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return 1
	case syntax.OpCapture, syntax.OpPlus:
		return minLength(re.Sub[0])
	case syntax.OpRepeat:
		return min(re.Min, minLength(re.Sub[0]))
	case syntax.OpConcat:
		for _, sub := range re.Sub {
			if minLength(sub) > 0 {
				return 1
			}
		}
	case syntax.OpAlternate:
		for _, sub := range re.Sub {
			if minLength(sub) == 0 {
				return 0
			}
		}
		return 1
	}
	return 0
}

// regexCost is about the number of instructions and character ranges a regular expression compiles to.
func regexCost(re *syntax.Regexp) int {
	n := 1 + len(re.Rune)
	for _, sub := range re.Sub {
		n += regexCost(sub)
	}
	if re.Op == syntax.OpRepeat {
		n *= max(re.Min, re.Max, 1)
	}
	return n
}
