// Package operator is the client of the operator's API.
package operator

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Client calls the operator's API at URL with Key.
type Client struct {
	URL, Key string
}

// listed returns all rows of a list with pages. The path may have a query.
func listed[T any](ctx context.Context, c Client, path string) (all []T, err error) {
	glue := "?"
	if strings.Contains(path, "?") {
		glue = "&"
	}
	for page := 1; ; page++ {
		var p struct {
			Data        []T  `json:"data"`
			HasNextPage bool `json:"hasNextPage"`
		}
		if err := c.call(ctx, "GET", path+glue+"limit=100&page="+strconv.Itoa(page), nil, &p); err != nil {
			return nil, err
		}
		if all = append(all, p.Data...); !p.HasNextPage {
			return all, nil
		}
	}
}

// maxAnswer bounds what is read of an answer.
const maxAnswer = 4 << 20

var httpClient = &http.Client{Timeout: 30 * time.Second}

func (c Client) call(ctx context.Context, method, path string, body, into any) error {
	var content io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			return err
		}
		content = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.URL+path, content)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+c.Key)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := httpClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode >= 400 {
		return refusal(method, path, resp)
	}
	b, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil || into == nil {
		return err
	}
	return json.Unmarshal(b, into)
}

// refusal is what the API says of a request that it does not carry out.
func refusal(method, path string, resp *http.Response) error {
	b, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return err
	}
	var p struct{ Detail string }
	if json.Unmarshal(b, &p) != nil || p.Detail == "" {
		p.Detail = string(b)
	}
	return fmt.Errorf("%s %s: %s: %s", method, path, resp.Status, p.Detail)
}
