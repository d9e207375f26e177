package harness

import (
	"regexp"
	"slices"
	"strings"
)

// pathObjects maps the beginning of a documented path to the kind of its object, and to the status for a malformed one.
var pathObjects = []struct {
	prefix, kind string
	malformed    int
}{
	{"/conversations/", "conversation", 404},
	{"/inbox/", "conversation", 404},
	{"/visitor/conversations/", "conversation", 404},
	{"/visitors/", "visitor", 400},
	{"/tickets/", "ticket", 400},
	{"/users/", "user", 400},
	{"/webhooks/", "webhook", 400},
	{"/tags/", "tag", 404},
	{"/canned-replies/", "cannedReply", 400},
	{"/views/", "view", 400},
	{"/macros/", "macro", 400},
	{"/teams/", "team", 400},
}

// pathParameter matches a parameter of a documented path.
var pathParameter = regexp.MustCompile(`\{[A-Za-z]+\}`)

// reads returns the documented GET operations that aren't among listed. They are derived from the document: a new read
// needs no line in Operations. Pages of the gateway itself are left out,
// and so are reads of a received e-mail if the tests can't send one.
func reads(listed []Operation) (found []Operation) {
	d, err := TheDocument()
	if err != nil {
		panic("harness: the document can't be read: " + err.Error())
	}
	known := map[string]bool{}
	for _, o := range listed {
		path, _, _ := strings.Cut(o.Path, "?")
		if documented := d.Find(o.Method, Fill(path, Malformed())); documented != nil {
			known[documented.ID] = true
		}
	}
	for _, o := range PersonOperations() {
		if documented := d.Find(o.Method, Fill(o.Path, MalformedTeam())); documented != nil {
			known[documented.ID] = true
		}
	}
	for _, o := range d.Operations {
		needsMail := strings.Contains(o.Path, "{mailId}")
		if o.Method == "GET" && !known[o.ID] && !IsPage(o.Path) && (!needsMail || running.SMTPAddr != "") {
			found = append(found, read(o))
		}
	}
	slices.SortFunc(found, func(a, b Operation) int { return strings.Compare(a.Path, b.Path) })
	return found
}

// IsPage reports whether a documented path is a page of the gateway itself, or one of its files.
func IsPage(path string) bool {
	return slices.ContainsFunc([]string{"/console", "/demo", "/docs", "/openapi.json"}, func(p string) bool {
		return strings.HasPrefix(path, p)
	})
}

// read returns the Operation of a documented GET.
func read(o *Documented) Operation {
	op := Operation{Method: o.Method, Path: o.Path, Caller: ByPublic, Status: 200}
	for _, requirement := range o.Security {
		if _, visitor := requirement["visitor"]; visitor {
			op.Caller = ByVisitor
		}
		if roles := requirement["token"]; len(roles) > 0 {
			op.Caller, op.Pro = Caller(roles[0]), slices.Contains(roles, "PRO")
		}
	}
	for _, object := range pathObjects {
		if strings.HasPrefix(o.Path, object.prefix+"{") {
			parameters := pathParameter.FindAllString(o.Path, -1)
			op.Path, op.Malformed = strings.Replace(op.Path, parameters[0], "{"+object.kind+"}", 1), object.malformed
			op.Path = strings.NewReplacer(
				"{deliveryId}", "{delivery}", "{mailId}", "{mail}", "{position}", "1",
			).Replace(op.Path)
		}
	}
	return op
}
