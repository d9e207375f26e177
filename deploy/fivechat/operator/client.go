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
	"time"
)

// Client calls the operator's API at URL with Key.
type Client struct {
	URL, Key string
}

// Website is a tenant.
type Website struct {
	ID          int64     `json:"id"`
	Name        string    `json:"name"`
	URL         string    `json:"url"`
	Plan        string    `json:"plan"`
	ClientToken string    `json:"clientToken"`
	CreatedAt   time.Time `json:"createdAt"`
}

// User is an agent of a website.
type User struct {
	ID    int64  `json:"id"`
	Name  string `json:"name"`
	Email string `json:"email"`
}

// Token is an API token. Secret is only there when it has just been made.
type Token struct {
	ID         int64      `json:"id"`
	Name       string     `json:"name"`
	Level      string     `json:"level"`
	Prefix     string     `json:"prefix"`
	LastUsedAt *time.Time `json:"lastUsedAt"`
	ExpiresAt  *time.Time `json:"expiresAt"`
	CreatedAt  time.Time  `json:"createdAt"`
	Secret     string     `json:"token"`
}

// CreateWebsite makes a website; clientToken may be "" for a new one.
func (c Client) CreateWebsite(ctx context.Context, name, url, plan, clientToken string) (w Website, err error) {
	body := map[string]string{"name": name, "url": url, "plan": plan}
	if clientToken != "" {
		body["clientToken"] = clientToken
	}
	return w, c.call(ctx, "POST", "/operator/websites", body, &w)
}

// Websites gives all websites, newest first.
func (c Client) Websites(ctx context.Context) (all []Website, err error) {
	return listed[Website](ctx, c, "/operator/websites")
}

// CreateUser makes an agent.
func (c Client) CreateUser(ctx context.Context, website int64, name, email string) (u User, err error) {
	return u, c.call(ctx, "POST", fmt.Sprintf("/operator/websites/%d/users", website), map[string]string{"name": name, "email": email}, &u)
}

// CreateToken makes an API token of a level; a zero expires is never.
func (c Client) CreateToken(ctx context.Context, website int64, name, level string, expires time.Time) (t Token, err error) {
	body := map[string]any{"name": name, "level": level}
	if !expires.IsZero() {
		body["expiresAt"] = expires.UTC().Format(time.RFC3339)
	}
	return t, c.call(ctx, "POST", fmt.Sprintf("/operator/websites/%d/tokens", website), body, &t)
}

// Tokens gives a website's tokens.
func (c Client) Tokens(ctx context.Context, website int64) ([]Token, error) {
	return listed[Token](ctx, c, fmt.Sprintf("/operator/websites/%d/tokens", website))
}

// RevokeToken ends a token.
func (c Client) RevokeToken(ctx context.Context, website, token int64) error {
	return c.call(ctx, "DELETE", fmt.Sprintf("/operator/websites/%d/tokens/%d", website, token), nil, nil)
}

func listed[T any](ctx context.Context, c Client, path string) (all []T, err error) {
	for page := 1; ; page++ {
		var p struct {
			Data        []T  `json:"data"`
			HasNextPage bool `json:"hasNextPage"`
		}
		if err := c.call(ctx, "GET", path+"?limit=100&page="+strconv.Itoa(page), nil, &p); err != nil {
			return nil, err
		}
		if all = append(all, p.Data...); !p.HasNextPage {
			return all, nil
		}
	}
}

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
	b, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return err
	}
	if resp.StatusCode >= 400 {
		var p struct{ Detail string }
		if json.Unmarshal(b, &p) != nil || p.Detail == "" {
			p.Detail = string(b)
		}
		return fmt.Errorf("%s %s: %s: %s", method, path, resp.Status, p.Detail)
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(b, into)
}
