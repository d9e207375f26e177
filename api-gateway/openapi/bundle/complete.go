package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// edgeTag marks operations that the gateway implements itself: without quota, and independent of services.
const edgeTag = "Edge"

// methods are the members of a path that are operations.
var methods = []string{"get", "put", "post", "patch", "delete"}

// complete adds to the operations of a path the refusals, headers and notes that follow from their parameters.
func complete(doc object, path string, item object) error {
	shared, _ := item["parameters"].([]any)
	for _, method := range methods {
		op, there := item[method].(object)
		if !there {
			continue
		}
		responses, there := op["responses"].(object)
		if !there || op["operationId"] == nil || op["security"] == nil {
			return fmt.Errorf("%s %s has no responses, operationId or security", method, path)
		}
		admitPersons(op)
		own, _ := op["parameters"].([]any)
		takes := taken(doc, op, slices.Concat(shared, own))
		answers := maps.Clone(responses) // YAML aliases share them
		for _, r := range refusals {
			code := fmt.Sprint(r.status)
			if _, said := answers[code]; r.follows(takes) && !said {
				answers[code] = reference("responses", r.name)
			}
		}
		for code, answer := range answers {
			if answer == nil { // the operation excludes this response
				delete(answers, code)
				continue
			}
			answers[code] = withHeaders(answer, takes)
		}
		op["responses"] = answers
		note(op, takes)
	}
	return nil
}

// sessionScheme is the security scheme of persons who have signed in.
const sessionScheme = "session"

// admitPersons adds to the security of an operation that takes a token the session of a person. The least role is
// viewer for reading and agent for writing, unless x-edge has another.
func admitPersons(op object) {
	requirements, _ := op["security"].([]any)
	for _, r := range requirements {
		levels, _ := r.(object)["token"].([]any)
		if len(levels) == 0 {
			continue
		}
		role := "agent"
		if levels[0] == "READ" {
			role = "viewer"
		}
		extension, _ := op[edgeExtension].(object)
		if own, is := extension["role"].(string); is {
			role = own
		}
		roles := append([]any{role}, levels[1:]...)
		op["security"] = append(slices.Clone(requirements), object{sessionScheme: roles})
		return
	}
}

// takes describes the input of an operation.
type takes struct {
	params   map[string]bool // by their names in the document
	inPath   bool
	body     bool
	token    []string // the roles that the bearer needs; nil without one
	role     string   // the least role of a person; "" without one
	session  bool     // takes a person's session
	visitor  bool
	upstream bool // implemented by a service
}

func taken(doc, op object, params []any) takes {
	t := takes{params: map[string]bool{}, body: op["requestBody"] != nil}
	for _, p := range params {
		p := p.(object)
		name, _ := p["name"].(string)
		if ref, is := p["$ref"].(string); is {
			name = ref[strings.LastIndexByte(ref, '/')+1:]
			p, _ = doc["components"].(object)["parameters"].(object)[name].(object)
		}
		t.params[name] = true
		t.inPath = t.inPath || p["in"] == "path"
	}
	tags, _ := op["tags"].([]any)
	t.upstream = !slices.Contains(tags, any(edgeTag))
	requirements, _ := op["security"].([]any)
	for _, r := range requirements {
		r := r.(object)
		if roles, session := r[sessionScheme].([]any); session {
			t.session = true
			if len(roles) > 0 {
				t.role = fmt.Sprint(roles[0])
			}
		}
		_, visitor := r["visitor"]
		t.visitor = t.visitor || visitor
		roles, _ := r["token"].([]any)
		for _, role := range roles {
			t.token = append(t.token, fmt.Sprint(role))
		}
	}
	return t
}

// refusals are the responses that follow from an operation's input. Others are in the operation itself.
var refusals = []struct {
	status  int
	name    string
	follows func(takes) bool
}{
	{304, "NotModified", func(t takes) bool { return t.params["ifNoneMatch"] }},
	{400, "BadRequest", func(t takes) bool { return t.upstream }},
	{401, "Unauthorized", func(t takes) bool { return t.token != nil || t.session || t.visitor }},
	{403, "Forbidden", func(t takes) bool { return t.token != nil || t.session || t.visitor }},
	{404, "NotFound", func(t takes) bool { return t.inPath }},
	{409, "Conflict", func(t takes) bool { return t.params["idempotencyKey"] }},
	{412, "PreconditionFailed", func(t takes) bool { return t.params["ifMatch"] }},
	{413, "ContentTooLarge", func(t takes) bool { return t.body }},
	{415, "UnsupportedMediaType", func(t takes) bool { return t.body }},
	{422, "UnprocessableContent", func(t takes) bool { return t.params["idempotencyKey"] }},
	{429, "TooManyRequests", func(t takes) bool { return t.upstream }},
	{500, "InternalServerError", func(t takes) bool { return t.upstream }},
	{503, "ServiceUnavailable", func(t takes) bool { return t.upstream }},
	{504, "GatewayTimeout", func(t takes) bool { return t.upstream }},
}

func reference(kind, name string) object { return object{"$ref": "#/components/" + kind + "/" + name} }

// withHeaders adds the headers that all such responses have to an operation's own response. Shared responses keep
// theirs.
func withHeaders(answer any, t takes) any {
	a := answer.(object)
	if a["$ref"] != nil || !t.upstream {
		return a
	}
	a = maps.Clone(a)
	headers, _ := a["headers"].(object)
	if headers = maps.Clone(headers); headers == nil {
		headers = object{}
	}
	names := []string{"RateLimit", "RateLimit-Policy", "X-Request-Id"}
	if t.params["idempotencyKey"] {
		names = append(names, "Idempotency-Replayed")
	}
	for _, name := range names {
		headers[name] = reference("headers", name)
	}
	a["headers"] = headers
	return a
}

// note describes in sentences what the operation refuses: callers without the required roles, and blocked visitors.
func note(op object, t takes) {
	extension, _ := op[edgeExtension].(object)
	if unblocked, _ := extension["unblocked"].(bool); unblocked {
		describe(op, "A visitor that the team has blocked gets 403 `visitor_blocked`.")
	}
	confirmed, _ := extension["confirmed"].(bool)
	own, _ := extension["own"].(string)
	person := "a person with the role `" + t.role + "`"
	text := "Needs " + person
	switch {
	case t.token != nil:
		text = "Needs a token with `" + t.token[0] + "`, or " + person
		if len(t.token) > 1 {
			text += ", and the plan `" + strings.Join(t.token[1:], "`, `") + "`"
		}
		if own != "" {
			text += " for their own user and `" + own + "` for others"
		}
	case t.role == "" && !confirmed:
		return
	case t.role == "":
		text = "Needs a person"
	}
	if confirmed {
		text += ", after a confirmation in the last 15 minutes (`POST /auth/confirm`, or a sign-in)"
	}
	describe(op, text+".")
}

// describe adds a sentence to the description of an operation.
func describe(op object, sentence string) {
	said, _ := op["description"].(string)
	op["description"] = strings.TrimSpace(said + "\n\n" + sentence)
}
