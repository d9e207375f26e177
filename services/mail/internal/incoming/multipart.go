package incoming

import (
	"bytes"
	"strconv"
	"strings"

	"fivechat.dev/libs/kernel/excerpt"
)

// entity is a part of the structure of a mail: a header, and a body between two offsets of the raw mail.
type entity struct {
	header      header
	kind        string // the media type, like text/plain
	params      map[string]string
	disposition string
	fileName    string
	start, end  int // of the body
	children    []entity
}

// structure reads the structure of a mail within the bounds on parts and depth.
type structure struct {
	raw       []byte
	parts     int
	truncated map[string]bool
}

// read returns the entity between two offsets. fallback is the media type of an entity that states none.
func (s *structure) read(start, end, depth int, fallback string) entity {
	limit := maxPartHeader
	if depth == 0 {
		limit = maxHeader
	}
	h, body, complete := readHeader(s.raw[start:end], limit)
	if !complete {
		s.truncated["header"] = true
	}
	e := entity{header: h, start: start + body, end: end}
	e.describe(fallback)
	switch {
	case depth >= maxDepth:
		if strings.HasPrefix(e.kind, "multipart/") || e.kind == "message/rfc822" {
			s.truncated["depth"] = true
			e.kind = "application/octet-stream"
		}
	case strings.HasPrefix(e.kind, "multipart/"):
		s.readChildren(&e, depth)
	case e.kind == "message/rfc822" || e.kind == "message/global":
		if encodingOf(h) == "" {
			s.parts++
			e.children = []entity{s.read(e.start, e.end, depth+1, "text/plain")}
		}
	}
	return e
}

// describe sets the type, the disposition and the file name from the header.
func (e *entity) describe(fallback string) {
	e.kind, e.params = parseParameters(e.header.get("content-type"))
	e.kind = strings.Trim(e.kind, `"' `)
	switch major, minor, ok := strings.Cut(e.kind, "/"); {
	case e.kind == "":
		e.kind = fallback
	case e.kind == "text":
		e.kind = "text/plain"
	case e.kind == "multipart" || major == "multipart" && minor == "":
		e.kind = "multipart/mixed"
	case !ok || major == "" || minor == "" || len(e.kind) > 127 || cleanLine(e.kind, 127) != e.kind ||
		strings.ContainsAny(e.kind, " ,<>\"\\"):
		e.kind = "application/octet-stream"
	}
	var params map[string]string
	e.disposition, params = parseParameters(e.header.get("content-disposition"))
	for _, name := range []string{params["filename"], params["name"], e.params["name"], e.params["filename"]} {
		if e.fileName == "" {
			e.fileName = fileName(decodeWords(name))
		}
	}
}

// readChildren reads the parts of a multipart. Without a part, it becomes text or a file.
func (s *structure) readChildren(e *entity, depth int) {
	body := s.raw[e.start:e.end]
	boundary := e.params["boundary"]
	if boundary == "" || nextDelimiter(body, 0, boundary).start < 0 {
		boundary = guessBoundary(body)
	}
	fallback := "text/plain"
	if e.kind == "multipart/digest" {
		fallback = "message/rfc822"
	}
	for d := nextDelimiter(body, 0, boundary); boundary != "" && d.start >= 0; {
		next := nextDelimiter(body, d.end, boundary)
		end := next.start
		if end < 0 {
			end = len(body) // the closing delimiter is missing
		}
		if !d.closing {
			if s.parts >= maxParts {
				s.truncated["parts"] = true
				return
			}
			s.parts++
			e.children = append(e.children, s.read(e.start+d.end, e.start+max(d.end, end), depth+1, fallback))
		}
		d = next
	}
	if len(e.children) == 0 {
		e.kind = "text/plain"
	}
}

// delimiter is a line that separates parts. start is -1 if there is none. The line end before it belongs to it.
type delimiter struct {
	start, end int
	closing    bool
}

// nextDelimiter returns the first delimiter of body at or after an offset.
func nextDelimiter(body []byte, at int, boundary string) delimiter {
	prefix := []byte("--" + boundary)
	for at < len(body) {
		i := bytes.Index(body[at:], prefix)
		if i < 0 {
			break
		}
		start := at + i
		at = start + len(prefix)
		if start > 0 && body[start-1] != '\n' {
			continue
		}
		line, next := cutLine(body, start)
		rest := strings.TrimRight(string(line[len(prefix):min(len(line), len(prefix)+100)]), " \t\r\n")
		closing := strings.HasPrefix(rest, "--")
		if rest != "" && !closing {
			continue // a longer boundary
		}
		if start > 0 {
			start--
		}
		if start > 0 && body[start-1] == '\r' {
			start--
		}
		return delimiter{start, next, closing}
	}
	return delimiter{start: -1}
}

// guessBoundary returns the boundary that a multipart most likely has if its header states none, or a wrong one: its
// first line that begins with two hyphens, and is followed by a field of a part.
func guessBoundary(body []byte) string {
	for at, lines := 0, 0; at < len(body) && lines < 100; lines++ {
		line, next := cutLine(body, at)
		text := string(bytes.TrimRight(line[:min(len(line), 200)], " \t\r\n"))
		if boundary, ok := strings.CutPrefix(text, "--"); ok && boundary != "" && len(boundary) <= 100 {
			following, _ := cutLine(body, next)
			if name, _, ok := cutField(following); ok && strings.HasPrefix(name, "content-") {
				return boundary
			}
		}
		at = next
	}
	return ""
}

// fileName returns a name without folders, of at most maxName bytes. Its extension survives.
func fileName(s string) string {
	s = cleanLine(s, 4*maxName)
	if i := strings.LastIndexAny(s, `/\`); i >= 0 {
		s = s[i+1:]
	}
	s = strings.Trim(s, ". \"'")
	if len(s) <= maxName {
		return s
	}
	extension := ""
	if i := strings.LastIndexByte(s, '.'); i > 0 && len(s)-i <= 20 {
		extension = s[i:]
	}
	return excerpt.Cut(s, maxName-len(extension)) + extension
}

func decimal(n int) string { return strconv.Itoa(n) }
