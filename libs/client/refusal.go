package client

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"fivechat.dev/libs/client/api"
)

// Refusal is a response with an error status.
type Refusal struct {
	api.Problem               // the server's problem; if the body isn't a problem, as much of it as can be read
	RetryAfter  time.Duration // when to try again; 0 if the server doesn't say
}

// Error returns the status, the code and the problem's detail.
func (r *Refusal) Error() string { return fmt.Sprintf("%d %s: %s", r.Status, r.Code, r.Detail) }

// maxRefusal bounds the body of an error response, in bytes.
const maxRefusal = 1 << 20

// refused returns a response's Refusal, and closes the body.
func refused(resp *http.Response) error {
	defer resp.Body.Close()
	r := &Refusal{}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxRefusal))
	if err != nil || json.Unmarshal(body, &r.Problem) != nil || r.Code == "" {
		r.Problem = api.Problem{
			Code:   "unknown",
			Title:  http.StatusText(resp.StatusCode),
			Detail: fmt.Sprintf("%.200s", body),
		}
	}
	r.Status = resp.StatusCode
	if seconds, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil && seconds > 0 {
		r.RetryAfter = time.Duration(seconds) * time.Second
	}
	return r
}
