package searchterms

import "strings"

// The bounds of a number that is written in groups, such as a phone number. E.164 allows 15 digits; numbers of payment
// cards have up to 19.
const (
	minDigits = 6
	maxDigits = 20
	maxGroups = 8
)

// number returns the end of the groups of digits that begin at parts[i] and form one number. ok is false if they
// don't, or if all digits are zeros.
func number(parts []part, i int) (end int, ok bool) {
	digits, zeros := 0, true
	for end = i; end < len(parts) && parts[end].kind == word && isNumber(parts[end].plain); end++ {
		if end > i && parts[end].glue == apart {
			break
		}
		digits += len(parts[end].plain)
		zeros = zeros && strings.Trim(parts[end].plain, "0") == ""
	}
	return end, !zeros && digits >= minDigits && digits <= maxDigits && end-i <= maxGroups
}

// digits joins groups, without the zeros that are dialled only inside a country: "+49 (0)30" is 4930.
func digits(groups []part) string {
	var b strings.Builder
	for i, g := range groups {
		if i == 0 || g.plain != "0" {
			b.WriteString(g.plain)
		}
	}
	return strings.TrimLeft(b.String(), "0")
}

// suffixes returns the digits from the start of each group, so that a phone number is found without the codes of
// country and area. start is the place in groups.
func suffixes(groups []part, add func(digits string, start int)) {
	for i := range groups {
		if d := digits(groups[i:]); d != "" && (len(d) >= minDigits || i == 0) {
			add(d, i)
		}
	}
	if n := national(groups); n != "" {
		add(n, 0)
	} else if strings.HasPrefix(groups[0].plain, "0") {
		add("0"+digits(groups), 0)
	}
}

// national returns the digits of an international number without the code of the country, "" for other numbers.
func national(groups []part) string {
	if !groups[0].plus && !strings.HasPrefix(groups[0].plain, "00") {
		return ""
	}
	d := digits(groups)
	n := countryCode(d)
	if n >= len(d) {
		return ""
	}
	return strings.TrimLeft(d[n:], "0")
}

// countryCode returns the length of the code of the country that an international number begins with (ITU-T E.164):
// the codes of one and two digits are these, and all others have three.
func countryCode(digits string) int {
	switch digits[0] {
	case '1', '7':
		return 1
	}
	const two = " 20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 51 52 53 54 55 56 57 58 60 61 62 63 64 65 66" +
		" 81 82 84 86 90 91 92 93 94 95 98 "
	if len(digits) >= 2 && strings.Contains(two, " "+digits[:2]+" ") {
		return 2
	}
	return 3
}
