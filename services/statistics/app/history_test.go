package app_test

import (
	"fmt"
	"strings"
	"testing"

	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/services/internal/apitest"
)

// followed waits until both followers have applied their logs.
func followed(t *testing.T, s *apitest.Service) {
	t.Helper()
	for got := (map[string]any{}); got["totalMessages"] != 2.0 || got["totalVisitors"] != 1.0; {
		got = s.Want(200, apitest.Token(1, identity.Read), "GET", "/statistics/current", "")
	}
}

// TestHistories: the records of 2026-01-02, 03:04 UTC, in each response, as JSON and as CSV.
func TestHistories(t *testing.T) {
	t.Parallel()
	s := serve(t)
	followed(t, s)
	const (
		measured = `{"count":1,"median":45.721,"p90":45.721}` // within 1 % of 45.46
		none     = `{"count":0,"median":null,"p90":null}`
		rated    = `"count":1,"average":4,"stars":{"1":0,"2":0,"3":0,"4":1,"5":0}`
		unrated  = `"count":0,"average":null,"stars":{"1":0,"2":0,"3":0,"4":0,"5":0}`
		quiet    = `"conversationsOpened":0,"conversationsImported":0,"conversationsClosed":0,`
		active   = `"conversationsOpened":1,"conversationsImported":0,"conversationsClosed":0,` +
			`"visitorMessages":1,"agentMessages":1,"messagesByPrograms":0,"newVisitors":1,"firstResponse":` + measured +
			`,"resolution":` + none + `,"ratings":{` + rated + `}}`
		columns = "from,to,conversations_opened,conversations_imported,conversations_closed," +
			"visitor_messages,agent_messages,new_visitors," +
			"first_responses,first_response_median_seconds,first_response_p90_seconds," +
			"resolutions,resolution_median_seconds,resolution_p90_seconds," +
			"ratings,rating_average,stars_1,stars_2,stars_3,stars_4,stars_5,messages_by_programs\r\n"
		agentColumns = "user_id,messages,conversations_answered," +
			"first_response_median_seconds,first_response_p90_seconds," +
			"ratings,rating_average,stars_1,stars_2,stars_3,stars_4,stars_5,messages_by_programs\r\n"
	)
	for _, c := range []struct {
		website         int64
		path, json, csv string
	}{
		{
			1, "/statistics/history?from=2026-01-01&to=2026-01-03",
			`{"from":"2026-01-01T00:00:00.000Z","to":"2026-01-03T00:00:00.000Z","tz":"UTC","interval":"day","total":` +
				`{"from":"2026-01-01T00:00:00.000Z","to":"2026-01-03T00:00:00.000Z",` + active + `,"data":[` +
				`{"from":"2026-01-01T00:00:00.000Z","to":"2026-01-02T00:00:00.000Z",` + quiet +
				`"visitorMessages":0,"agentMessages":0,"messagesByPrograms":0,"newVisitors":0,` +
				`"firstResponse":` + none + `,"resolution":` + none + `,"ratings":{` + unrated + `}},` +
				`{"from":"2026-01-02T00:00:00.000Z","to":"2026-01-03T00:00:00.000Z",` + active + `]}`,
			columns + "2026-01-01T00:00:00Z,2026-01-02T00:00:00Z,0,0,0,0,0,0,0,,,0,,,0,,0,0,0,0,0,0\r\n" +
				"2026-01-02T00:00:00Z,2026-01-03T00:00:00Z,1,0,0,1,1,1,1,45.721,45.721,0,,,1,4,0,0,0,1,0,0\r\n",
		},
		{
			1,
			"/statistics/history?from=2026-01-02T03:00:00Z&to=2026-01-02T03:05:00Z&interval=hour&tz=Asia/Kathmandu",
			`{"from":"2026-01-02T02:15:00.000Z","to":"2026-01-02T03:15:00.000Z",` +
				`"tz":"Asia/Kathmandu","interval":"hour","total":` +
				`{"from":"2026-01-02T02:15:00.000Z","to":"2026-01-02T03:15:00.000Z",` + active + `,"data":[` +
				`{"from":"2026-01-02T02:15:00.000Z","to":"2026-01-02T03:15:00.000Z",` + active + `]}`,
			columns +
				"2026-01-02T08:00:00+05:45,2026-01-02T09:00:00+05:45,1,0,0,1,1,1,1,45.721,45.721,0,,,1,4,0,0,0,1,0,0\r\n",
		},
		{
			1, "/statistics/agents?from=2026-01-02T03:01:00Z&to=2026-01-02T03:02:00Z&tz=Asia/Kolkata",
			`{"from":"2026-01-02T03:00:00.000Z","to":"2026-01-02T03:15:00.000Z","tz":"Asia/Kolkata","data":[` +
				`{"userId":7,"messages":1,"messagesByPrograms":0,"conversationsAnswered":1,` +
				`"firstResponse":` + measured + `,"ratings":{` + rated + `}}]}`,
			agentColumns +
				"7,1,1,45.721,45.721,1,4,0,0,0,1,0,0\r\n",
		},
		{
			1, "/statistics/ratings?from=2026-01-02&to=2026-01-03",
			`{"from":"2026-01-02T00:00:00.000Z","to":"2026-01-03T00:00:00.000Z","tz":"UTC",` + rated + `}`,
			"stars,ratings\r\n1,0\r\n2,0\r\n3,0\r\n4,1\r\n5,0\r\n",
		},
		{
			2, "/statistics/agents?from=2026-01-02&to=2026-01-03",
			`{"from":"2026-01-02T00:00:00.000Z","to":"2026-01-03T00:00:00.000Z","tz":"UTC","data":[]}`,
			agentColumns,
		},
		{
			2, "/statistics/ratings?from=2026-01-02&to=2026-01-03",
			`{"from":"2026-01-02T00:00:00.000Z","to":"2026-01-03T00:00:00.000Z","tz":"UTC",` + unrated + `}`,
			"stars,ratings\r\n1,0\r\n2,0\r\n3,0\r\n4,0\r\n5,0\r\n",
		},
	} {
		who := apitest.Token(c.website, identity.Read)
		if got := s.Do(who, "GET", c.path, ""); got.Status != 200 || got.Body != c.json {
			t.Errorf("website %d, %s:\n got %d %s\nwant %s", c.website, c.path, got.Status, got.Body, c.json)
		}
		if got := s.Do(who, "GET", c.path, "", "Accept", "text/csv"); got.Status != 200 || got.Body != c.csv {
			t.Errorf("website %d, %s as CSV:\n got %d %s\nwant %s", c.website, c.path, got.Status, got.Body, c.csv)
		}
	}
}

func TestInvalidHistoriesAreRefused(t *testing.T) {
	t.Parallel()
	s := serve(t)
	read := apitest.Token(1, identity.Read)
	for query, field := range map[string]string{
		"tz=Mars/Base":                  "tz",
		"from=monday":                   "from",
		"to=2026-13-01":                 "to",
		"from=2026-02-01&to=2026-01-01": "to",
		"from=2020-01-01&to=2026-01-01": "to",
	} {
		for _, what := range []string{"history", "agents", "ratings"} {
			path := fmt.Sprintf("/statistics/%s?%s", what, query)
			got := s.Refused(400, read, "GET", path, "", "Accept", "text/csv")
			if got != "validation_failed "+field {
				t.Errorf("%s?%s: %s", what, query, got)
			}
		}
	}
	for query, field := range map[string]string{
		"interval=minute": "interval",
		"interval=hour&from=2026-01-01&to=2026-02-02": "to",
	} {
		if got := s.Refused(400, read, "GET", "/statistics/history?"+query, ""); got != "validation_failed "+field {
			t.Errorf("%s: %s", query, got)
		}
	}
	for _, what := range []string{"history", "agents", "ratings"} {
		got := s.Refused(403, apitest.Token(1, identity.Write), "GET", "/statistics/"+what, "")
		if !strings.HasPrefix(got, "permission_missing") {
			t.Errorf("%s without the right to read: %s", what, got)
		}
	}
}
