package httpkit

import (
	"math"
	"net/http"
	"strconv"

	"fivechat.dev/libs/kernel/fault"
)

// statuses maps the kinds of faults to HTTP statuses, and back.
var statuses = map[fault.Kind]struct {
	status int
	title  string
}{
	fault.Internal:           {500, "Internal Server Error"},
	fault.Invalid:            {400, "Bad Request"},
	fault.Unauthenticated:    {401, "Unauthorized"},
	fault.Forbidden:          {403, "Forbidden"},
	fault.NotFound:           {404, "Not Found"},
	fault.MethodNotAllowed:   {405, "Method Not Allowed"},
	fault.Conflict:           {409, "Conflict"},
	fault.PreconditionFailed: {412, "Precondition Failed"},
	fault.TooLarge:           {413, "Content Too Large"},
	fault.UnsupportedMedia:   {415, "Unsupported Media Type"},
	fault.Unprocessable:      {422, "Unprocessable Content"},
	fault.Limited:            {429, "Too Many Requests"},
	fault.Unavailable:        {503, "Service Unavailable"},
	fault.Timeout:            {504, "Gateway Timeout"},
	fault.Canceled:           {499, "Client Closed Request"},
}

// Status returns the HTTP status of a kind.
func Status(k fault.Kind) int { return statuses[k].status }

func kindOf(status int) fault.Kind {
	for k, s := range statuses {
		if s.status == status {
			return k
		}
	}
	return fault.Internal
}

// Problem is the body of every error response: the members of RFC 9457, and those that clients of the hosted API read.
type Problem struct {
	Type       string        `json:"type"`
	Title      string        `json:"title"`
	Status     int           `json:"status"`
	Detail     string        `json:"detail"`
	Instance   string        `json:"instance"`
	Code       string        `json:"code"`
	StatusCode int           `json:"statusCode"` // = Status
	Message    string        `json:"message"`    // = Detail
	Error      string        `json:"error"`      // = Title
	Errors     []fault.Field `json:"errors"`
	Existing   string        `json:"existing,omitzero"`
	RequestID  string        `json:"requestId"`
}

// ProblemType is the prefix of the URL that explains a problem's code.
const ProblemType = "https://fivechat.dev/problems/"

// WriteProblem responds with err as a problem. It hides the text of an internal error.
func WriteProblem(w http.ResponseWriter, path, requestID string, err error) {
	f := fault.From(err)
	s := statuses[f.Kind]
	body, encodeErr := Encode(Problem{
		Type: ProblemType + f.Code, Title: s.title, Status: s.status, Detail: f.Message, Instance: path, Code: f.Code,
		StatusCode: s.status, Message: f.Message, Error: s.title, Errors: f.Fields, Existing: f.Existing,
		RequestID: requestID,
	})
	if encodeErr != nil { // the path isn't UTF-8, so JSON can't repeat it
		body, _ = Encode(Problem{
			Type: ProblemType + f.Code, Title: s.title, Status: s.status, Detail: s.title, Code: f.Code,
			StatusCode: s.status, Message: s.title, Error: s.title, RequestID: requestID,
		})
	}
	h := w.Header()
	h.Set("Content-Type", "application/problem+json")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	h.Set("Cache-Control", "no-store")
	if f.Kind == fault.Unauthenticated {
		h.Set("WWW-Authenticate", `Bearer realm="fivechat"`)
	}
	if f.RetryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(int(math.Ceil(f.RetryAfter.Seconds()))))
	}
	w.WriteHeader(s.status)
	w.Write(body)
}
