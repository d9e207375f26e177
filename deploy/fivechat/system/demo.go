package system

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"fivechat.dev/deploy/fivechat/operator"
)

// Demo is what a newcomer needs to call the system; it is DIR/demo.json.
type Demo struct {
	URL         string        `json:"url"`
	OperatorURL string        `json:"operatorUrl"`
	OperatorKey string        `json:"operatorKey"`
	AdminURL    string        `json:"adminUrl,omitempty"`
	Websites    []DemoWebsite `json:"websites"`
	People      []DemoPerson  `json:"people"`
}

// DemoPerson is a person who can sign in at the demo's console.
type DemoPerson struct {
	Name     string  `json:"name"`
	Email    string  `json:"email"`
	Password string  `json:"password"`
	Role     string  `json:"role"`
	Websites []int64 `json:"websites"`
}

// DemoWebsite is one of the demo's websites.
type DemoWebsite struct {
	ID          int64             `json:"id"`
	Name        string            `json:"name"`
	Plan        string            `json:"plan"`
	ClientToken string            `json:"clientToken"`
	Tokens      map[string]string `json:"tokens"` // by level
}

// demoFile is the name of the file in the data folder that keeps the Demo.
const demoFile = "demo.json"

// shopClient is the client token that the edge's demo shop carries in its tag.
const shopClient = "demo-shop"

// makeDemo makes the demo's websites, or takes those that an earlier start made: tokens cannot be read again, so
// demo.json is where they are kept.
func (s *System) makeDemo(ctx context.Context, dir string) (*Demo, error) {
	d := &Demo{}
	path := filepath.Join(dir, demoFile)
	if dir != "" {
		b, err := os.ReadFile(path)
		if err == nil {
			err = json.Unmarshal(b, d)
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
	}
	d.URL, d.OperatorURL, d.OperatorKey, d.AdminURL = s.URL(), s.OperatorURL(), s.OperatorKey(), s.AdminURL()
	client := operator.Client{URL: d.OperatorURL, Key: d.OperatorKey}
	wanted := []struct{ name, url, plan, client, agent, email string }{
		{"Harbour Books", "https://harbour-books.example", "PRO", shopClient, "Ada Moreno", "ada@harbour-books.example"},
		{"Corner Cycles", "https://corner-cycles.example", "FREE", "", "Ben Okafor", "ben@corner-cycles.example"},
	}
	for _, w := range wanted[min(len(d.Websites), len(wanted)):] {
		made, err := demoWebsite(ctx, client, w.name, w.url, w.plan, w.client, w.agent, w.email)
		if err != nil {
			return nil, fmt.Errorf("demo: %w", err)
		}
		d.Websites = append(d.Websites, made)
	}
	if len(d.People) == 0 {
		var err error
		if d.People, err = demoPeople(ctx, client, d.Websites); err != nil {
			return nil, fmt.Errorf("demo: %w", err)
		}
	}
	if dir == "" {
		return d, nil
	}
	return d, WriteJSON(path, d)
}

// demoPeople makes the demo's people, with random passwords.
func demoPeople(ctx context.Context, c operator.Client, websites []DemoWebsite) ([]DemoPerson, error) {
	first, second := websites[0].ID, websites[1].ID
	people := []DemoPerson{
		{Name: "Ada Moreno", Email: "ada@harbour-books.example", Role: "owner", Websites: []int64{first, second}},
		{Name: "Ben Okafor", Email: "ben@corner-cycles.example", Role: "agent", Websites: []int64{second}},
	}
	for i := range people {
		p := &people[i]
		p.Password = rand.Text()
		memberships := make([]operator.Membership, len(p.Websites))
		for k, w := range p.Websites {
			memberships[k] = operator.Membership{WebsiteID: w, Role: p.Role}
		}
		if _, err := c.CreatePerson(ctx, p.Name, p.Email, p.Password, memberships...); err != nil {
			return nil, err
		}
	}
	return people, nil
}

func demoWebsite(
	ctx context.Context, c operator.Client, name, url, plan, token, agent, email string,
) (DemoWebsite, error) {
	w, err := c.CreateWebsite(ctx, name, url, plan, token)
	if err != nil {
		return DemoWebsite{}, err
	}
	if _, err := c.CreateUser(ctx, w.ID, agent, email); err != nil {
		return DemoWebsite{}, err
	}
	d := DemoWebsite{w.ID, w.Name, w.Plan, w.ClientToken, map[string]string{}}
	for _, level := range []string{"READ", "WRITE", "READ_WRITE"} {
		t, err := c.CreateToken(ctx, w.ID, "demo "+level, level, time.Time{})
		if err != nil {
			return DemoWebsite{}, err
		}
		d.Tokens[level] = t.Secret
	}
	return d, nil
}
