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

// Refusal is an answer that is no success.
type Refusal struct {
	api.Problem               // what the server says; of an answer that is no problem, as much as can be told
	RetryAfter  time.Duration // when it makes sense to try again; 0 where the server does not say
}

// Error gives the status, the code and the sentence for people.
func (r *Refusal) Error() string { return fmt.Sprintf("%d %s: %s", r.Status, r.Code, r.Detail) }

// maxRefusal is how much of a refusal is read.
const maxRefusal = 1 << 20

// refused reads a refusal and closes the answer.
func refused(resp *http.Response) error {
	defer resp.Body.Close()
	r := &Refusal{}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxRefusal))
	if err != nil || json.Unmarshal(body, &r.Problem) != nil || r.Code == "" {
		r.Problem = api.Problem{Code: "unknown", Title: http.StatusText(resp.StatusCode), Detail: fmt.Sprintf("%.200s", body)}
	}
	r.Status = resp.StatusCode
	if seconds, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil && seconds > 0 {
		r.RetryAfter = time.Duration(seconds) * time.Second
	}
	return r
}
