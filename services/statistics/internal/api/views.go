package api

import (
	"cmp"
	"math"
	"time"

	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/transport/httpkit"
	"fivechat.dev/services/statistics"
)

// view is the current statistics as clients see them.
type view struct {
	TotalConversations  int64   `json:"totalConversations"`
	ActiveConversations int64   `json:"activeConversations"`
	TotalMessages       int64   `json:"totalMessages"`
	TotalVisitors       int64   `json:"totalVisitors"`
	OnlineVisitors      int64   `json:"onlineVisitors"`
	AverageResponseTime float64 `json:"averageResponseTime"`
}

// span is the period of a response.
type span struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
	Zone string    `json:"tz"`
}

func spanOf(req period, p statistics.Period) span { return span{p.From, p.To, cmp.Or(req.Zone, "UTC")} }

// durations summarises durations in seconds.
type durations struct {
	Count  int64    `json:"count"`
	Median *float64 `json:"median"` // null without values
	P90    *float64 `json:"p90"`
}

func durationsOf(s statistics.Sketch) durations {
	return durations{s.Count(), number(s.Quantile(0.5)), number(s.Quantile(0.9))}
}

// number returns x with three decimals, or nil without a value.
func number(x float64) *float64 {
	if math.IsNaN(x) {
		return nil
	}
	x = math.Round(x*1000) / 1000
	return &x
}

// ratings are counted by stars.
type ratings struct {
	Count   int64    `json:"count"`
	Average *float64 `json:"average"` // null without ratings
	Stars   stars    `json:"stars"`
}

type stars struct {
	One   int64 `json:"1"`
	Two   int64 `json:"2"`
	Three int64 `json:"3"`
	Four  int64 `json:"4"`
	Five  int64 `json:"5"`
}

func starsOf(t statistics.Bucket) ratings {
	n, average := t.Ratings()
	if n == 0 {
		average = math.NaN()
	}
	return ratings{n, number(average), stars{t.Stars[1], t.Stars[2], t.Stars[3], t.Stars[4], t.Stars[5]}}
}

type historyView struct {
	span
	Interval string         `json:"interval"`
	Total    intervalView   `json:"total"` // of all intervals together: quantiles can't be derived from theirs
	Data     []intervalView `json:"data"`
}

type intervalView struct {
	From                  time.Time `json:"from"`
	To                    time.Time `json:"to"`
	ConversationsOpened   int64     `json:"conversationsOpened"`
	ConversationsImported int64     `json:"conversationsImported"`
	ConversationsClosed   int64     `json:"conversationsClosed"`
	VisitorMessages       int64     `json:"visitorMessages"`
	AgentMessages         int64     `json:"agentMessages"`
	MessagesByPrograms    int64     `json:"messagesByPrograms"`
	NewVisitors           int64     `json:"newVisitors"`
	FirstResponse         durations `json:"firstResponse"`
	Resolution            durations `json:"resolution"`
	Ratings               ratings   `json:"ratings"`
}

func historyOf(req history, found []statistics.Interval) historyView {
	v := historyView{Interval: cmp.Or(req.Interval, statistics.Daily), Data: make([]intervalView, len(found))}
	var total statistics.Interval
	for i, f := range found {
		v.Data[i] = intervalOf(f)
		total.Add(f.Bucket)
	}
	if n := len(found); n > 0 {
		total.Period = statistics.Period{From: found[0].From, To: found[n-1].To}
		v.span = spanOf(req.period, total.Period)
	}
	v.Total = intervalOf(total)
	return v
}

func intervalOf(i statistics.Interval) intervalView {
	return intervalView{
		i.From, i.To, i.Opened, i.Imported, i.Closed, i.VisitorMessages, i.AgentMessages, i.ByPrograms,
		i.Visitors, durationsOf(i.Responses), durationsOf(i.Resolutions), starsOf(i.Bucket),
	}
}

// Table implements the CSV response of httpkit.
func (v historyView) Table() httpkit.Table {
	t := httpkit.Table{Name: "history", Header: []string{
		"from", "to", "conversations_opened", "conversations_imported", "conversations_closed", "visitor_messages",
		"agent_messages", "new_visitors",
		"first_responses", "first_response_median_seconds", "first_response_p90_seconds",
		"resolutions", "resolution_median_seconds", "resolution_p90_seconds",
		"ratings", "rating_average", "stars_1", "stars_2", "stars_3", "stars_4", "stars_5", "messages_by_programs",
	}}
	for _, i := range v.Data {
		r := i.Ratings
		t.Rows = append(t.Rows, []any{
			i.From, i.To, i.ConversationsOpened, i.ConversationsImported, i.ConversationsClosed, i.VisitorMessages,
			i.AgentMessages, i.NewVisitors,
			i.FirstResponse.Count, i.FirstResponse.Median, i.FirstResponse.P90, i.Resolution.Count,
			i.Resolution.Median, i.Resolution.P90,
			r.Count, r.Average, r.Stars.One, r.Stars.Two, r.Stars.Three, r.Stars.Four, r.Stars.Five, i.MessagesByPrograms,
		})
	}
	return t
}

type agentsView struct {
	span
	Data []agentView `json:"data"`
}

type agentView struct {
	UserID                id.User   `json:"userId"`
	Messages              int64     `json:"messages"`
	MessagesByPrograms    int64     `json:"messagesByPrograms"`
	ConversationsAnswered int64     `json:"conversationsAnswered"`
	FirstResponse         durations `json:"firstResponse"`
	Ratings               ratings   `json:"ratings"`
}

func agentsOf(req period, whole statistics.Period, found []statistics.Agent) agentsView {
	v := agentsView{spanOf(req, whole), make([]agentView, len(found))}
	for i, a := range found {
		v.Data[i] = agentView{
			a.ID, a.AgentMessages, a.ByPrograms, a.Responses.Count(), durationsOf(a.Responses), starsOf(a.Bucket),
		}
	}
	return v
}

// Table implements the CSV response of httpkit.
func (v agentsView) Table() httpkit.Table {
	t := httpkit.Table{Name: "agents", Header: []string{
		"user_id", "messages", "conversations_answered", "first_response_median_seconds", "first_response_p90_seconds",
		"ratings", "rating_average", "stars_1", "stars_2", "stars_3", "stars_4", "stars_5", "messages_by_programs",
	}}
	for _, a := range v.Data {
		r := a.Ratings
		t.Rows = append(t.Rows, []any{
			a.UserID, a.Messages, a.ConversationsAnswered, a.FirstResponse.Median, a.FirstResponse.P90,
			r.Count, r.Average, r.Stars.One, r.Stars.Two, r.Stars.Three, r.Stars.Four, r.Stars.Five, a.MessagesByPrograms,
		})
	}
	return t
}

type ratingsView struct {
	span
	ratings
}

// Table implements the CSV response of httpkit: a row for each number of stars.
func (v ratingsView) Table() httpkit.Table {
	t := httpkit.Table{Name: "ratings", Header: []string{"stars", "ratings"}}
	for i, n := range []int64{v.Stars.One, v.Stars.Two, v.Stars.Three, v.Stars.Four, v.Stars.Five} {
		t.Rows = append(t.Rows, []any{i + 1, n})
	}
	return t
}

// recounted is the result of a recount.
type recounted struct {
	Drift    []driftView `json:"drift"`
	Repaired bool        `json:"repaired"`
}

type driftView struct {
	Counter    string  `json:"counter"`
	Kept       float64 `json:"kept"`
	Recounted  float64 `json:"recounted"`
	Difference float64 `json:"difference"` // the stored value minus the recounted one
}

func recountedOf(drift []statistics.Drift, repair bool) recounted {
	v := recounted{make([]driftView, len(drift)), repair && len(drift) > 0}
	for i, d := range drift {
		v.Drift[i] = driftView{d.Counter, d.Kept, d.True, d.Difference()}
	}
	return v
}
