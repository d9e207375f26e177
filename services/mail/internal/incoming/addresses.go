package incoming

import (
	"strings"

	"fivechat.dev/libs/kernel/excerpt"
)

// maxAddress is the size of an address in bytes: 64 of the local part, the @, and 255 of the domain (RFC 5321).
const maxAddress = 320

// maxAddressField is the size of a field of addresses in bytes, with 250 bytes for each.
const maxAddressField = 64 << 10

// parseAddresses returns the mailboxes of a field such as To, in their order and at most maxAddresses; complete is
// false if the field has more. It is written by hand because net/mail refuses a whole list for one wrong address, and
// clients write semicolons, names with dots or without quotes, and groups like "undisclosed-recipients:;".
func parseAddresses(s string) (all []Address, complete bool) {
	complete = len(s) <= maxAddressField
	s = excerpt.Cut(s, maxAddressField)
	for range 4 * maxAddresses { // each search for the end of an address may read the rest of the field
		if s == "" {
			return all, complete
		}
		var item string
		item, s = cutAddress(s)
		if a := parseAddress(item); a.Address != "" {
			if len(all) == maxAddresses {
				return all, false
			}
			all = append(all, a)
		}
	}
	return all, false
}

// cutAddress returns the text of the first address of a list, and the rest. Commas and semicolons inside quotes,
// comments and angle brackets don't end an address. The name of a group ends at its colon.
func cutAddress(s string) (item, rest string) {
	quoted, depth, angle := false, 0, false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\' && (quoted || depth > 0):
			i++
		case c == '"' && depth == 0:
			quoted = !quoted
		case quoted:
		case c == '(':
			depth++
		case c == ')':
			depth = max(0, depth-1)
		case depth > 0:
		case c == '<':
			angle = true
		case c == '>':
			angle = false
		case angle:
		case c == ':' && !strings.EqualFold(s[max(0, i-6):i], "mailto"):
			s, i = s[i+1:], -1
		case c == ',' || c == ';':
			return s[:i], s[i+1:]
		}
	}
	if quoted || depth > 0 || angle { // a quote or bracket isn't closed, so it means nothing
		if i := strings.IndexAny(s, ",;"); i >= 0 {
			return s[:i], s[i+1:]
		}
	}
	return s, ""
}

// parseAddress reads `Name <local@domain>`, `local@domain (Name)` and what looks like them. The Address is "" if there
// is none.
func parseAddress(s string) Address {
	s = strings.TrimSpace(s)
	open, end := strings.LastIndexByte(s, '<'), strings.LastIndexByte(s, '>')
	if open >= 0 {
		if end < open {
			end = len(s)
		}
		address := mailbox(s[open+1 : end])
		name := personName(s[:open])
		if name == "" && end < len(s) {
			name = personName(strings.TrimLeft(s[end:], "> "))
		}
		if name == address {
			name = ""
		}
		return Address{name, address}
	}
	if i := strings.IndexByte(s, '('); i > 0 {
		return Address{personName(strings.TrimSuffix(strings.TrimSpace(s[i+1:]), ")")), mailbox(s[:i])}
	}
	if a := mailbox(s); a != "" {
		return Address{Address: a}
	}
	words := strings.Fields(s) // Name local@domain
	if len(words) == 0 {
		return Address{}
	}
	last := len(words) - 1
	if a := mailbox(words[last]); a != "" {
		return Address{personName(strings.Join(words[:last], " ")), a}
	}
	return Address{Name: personName(s)}
}

// personName returns a readable name: decoded, without quotes and backslashes, on one line.
func personName(s string) string {
	s = strings.Trim(s, " \t<>")
	if len(s) >= 2 && s[0] == '"' && s[len(s)-1] == '"' {
		s = unescape(s[1 : len(s)-1])
	}
	s = cleanLine(decodeWords(s), maxName)
	if len(s) >= 2 && (s[0] == '\'' || s[0] == '"') && s[len(s)-1] == s[0] { // Outlook adds quotes
		s = strings.TrimSpace(s[1 : len(s)-1])
	}
	return s
}

func unescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// mailbox returns a plain local@domain with the domain in lower case, or "" if s isn't one.
func mailbox(s string) string {
	s = strings.Trim(strings.TrimSpace(s), "<>'\" \t")
	if len(s) > 7 && strings.EqualFold(s[:7], "mailto:") {
		s = s[7:]
	}
	if strings.HasPrefix(s, "@") { // a source route: @relay,@relay:local@domain
		if i := strings.IndexByte(s, ':'); i > 0 {
			s = s[i+1:]
		}
	}
	if strings.Contains(s, "=?") {
		s = decodeWords(s)
	}
	at := strings.LastIndexByte(s, '@')
	if at <= 0 || at == len(s)-1 || len(s) > maxAddress || cleanLine(s, maxAddress) != s {
		return ""
	}
	local, domain := s[:at], strings.ToLower(strings.TrimSuffix(s[at+1:], "."))
	quoted := len(local) > 2 && local[0] == '"' && local[len(local)-1] == '"'
	if domain == "" || !quoted && strings.ContainsAny(local, " \"(),:;<>@[]\\") ||
		strings.ContainsAny(domain, " \"(),;<>@\\/?#=!%&*'") {
		return ""
	}
	return local + "@" + domain
}

// messageIDs returns the ids of a field like References, without angle brackets and duplicates: the first, and the
// last ones up to maxIDs. Without brackets, each word with an @ is an id.
func messageIDs(s string) []string {
	var ids []string
	seen := map[string]bool{}
	for s != "" {
		var id string
		if i := strings.IndexByte(s, '<'); i >= 0 {
			id, s, _ = strings.Cut(s[i+1:], ">")
		} else {
			id, s, _ = strings.Cut(strings.TrimSpace(s), " ")
			if !strings.Contains(id, "@") {
				continue
			}
		}
		id = cleanLine(strings.Join(strings.Fields(id), ""), maxSubject) // a client may have broken the line inside
		if id != "" && !seen[id] {
			seen[id] = true
			ids = append(ids, id)
		}
	}
	if len(ids) > maxIDs {
		ids = append(ids[:1], ids[len(ids)-maxIDs+1:]...)
	}
	return ids
}
