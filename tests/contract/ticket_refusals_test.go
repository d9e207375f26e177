package contract_test

import (
	"strings"

	"fivechat.dev/tests/harness"
)

func ticketRefusals(w, other *harness.World) []refusal {
	own, unknown := "/tickets/"+w.Ticket, "/tickets/"+harness.PathID(harness.UnknownID)
	titled := func(name string, v any) harness.Map { return harness.Map{"title": "Half written", name: v} }
	rows := []refusal{
		{12, "no body", w.Writer(), "POST", "/tickets", nil, 400, "", "title"},
		{12, "no title", w.Writer(), "POST", "/tickets", harness.Map{"description": "x"}, 400, invalid, "title"},
		{12, "blank title", w.Writer(), "POST", "/tickets", harness.Map{"title": " \t\n"}, 400, invalid, "title"},
		{
			12, "title too long", w.Writer(), "POST", "/tickets",
			harness.Map{"title": strings.Repeat("a", 256)},
			400,
			invalid, "title",
		},
		{12, "title is null", w.Writer(), "POST", "/tickets", harness.Map{"title": nil}, 400, invalid, "title"},
		{
			12, "description too long", w.Writer(), "POST", "/tickets", titled("description", strings.Repeat("a", 64<<10+1)),
			400, invalid, "description",
		},
		{12, "priority unknown", w.Writer(), "POST", "/tickets", titled("priority", "SOON"), 400, invalid, "priority"},
		{
			12, "visitor unknown", w.Writer(), "POST", "/tickets", titled("visitorToken", harness.Lookalike(w.Caller.Token)),
			400, invalid, "visitorToken",
		},
		{
			12, "visitor malformed", w.Writer(), "POST", "/tickets", titled("visitorToken", "no token"), 400, invalid,
			"visitorToken",
		},
		{
			12, "another website's visitor", w.Writer(), "POST", "/tickets", titled("visitorToken", other.Caller.Token), 400,
			invalid, "visitorToken",
		},
		{
			12, "conversation unknown", w.Writer(), "POST", "/tickets",
			titled("conversationToken", harness.Lookalike(w.Conversation)), 400, invalid, "conversationToken",
		},
		{
			12, "another website's conversation", w.Writer(), "POST", "/tickets",
			titled("conversationToken", other.Conversation), 400, invalid, "conversationToken",
		},
		{13, "unknown ticket", w.Reader(), "GET", unknown, nil, 404, missing, ""},
		{14, "unknown ticket changed", w.Writer(), "PATCH", unknown, harness.Map{"title": "x"}, 404, missing, ""},
		{14, "bad change of an unknown ticket", w.Writer(), "PATCH", unknown, harness.Map{"title": 5}, 400, invalid, "title"},
		{
			14, "title blanked", w.Writer(), "PATCH", own,
			harness.Map{"description": "half", "title": " "},
			400,
			invalid, "title",
		},
		{
			14, "assignee unknown", w.Writer(), "PATCH", own, titled("assigneeId", harness.UnknownID), 400, invalid,
			"assigneeId",
		},
		{
			14, "another website's assignee", w.Writer(), "PATCH", own, titled("assigneeId", other.User.Int("id")), 400, invalid,
			"assigneeId",
		},
		{14, "assignee is text", w.Writer(), "PATCH", own, titled("assigneeId", "7"), 400, invalid, "assigneeId"},
		{14, "status unknown", w.Writer(), "PATCH", own, titled("status", "DONE"), 400, invalid, "status"},
		{
			14, "visitor unknown", w.Writer(), "PATCH", own, titled("visitorToken", harness.Lookalike(w.Caller.Token)), 400,
			invalid, "visitorToken",
		},
		{15, "unknown ticket deleted", w.Writer(), "DELETE", unknown, nil, 404, missing, ""},
		{
			16, "unknown ticket's status", w.Writer(), "PATCH", unknown + "/status",
			harness.Map{"status": "OPEN"},
			404,
			missing, "",
		},
		{16, "status unknown", w.Writer(), "PATCH", own + "/status", harness.Map{"status": "DONE"}, 400, invalid, "status"},
		{
			16, "status in small letters", w.Writer(), "PATCH", own + "/status",
			harness.Map{"status": "open"},
			400,
			invalid, "status",
		},
		{16, "status absent", w.Writer(), "PATCH", own + "/status", harness.Map{}, 400, invalid, "status"},
		{
			17, "unknown ticket's message", w.Writer(), "POST", unknown + "/messages",
			harness.Map{"content": "x"},
			404,
			missing, "",
		},
		{17, "no content", w.Writer(), "POST", own + "/messages", harness.Map{"subject": "x"}, 400, invalid, "content"},
		{17, "blank content", w.Writer(), "POST", own + "/messages", harness.Map{"content": "  "}, 400, invalid, "content"},
		{
			17, "message type unknown", w.Writer(), "POST", own + "/messages",
			harness.Map{"content": "x", "messageType": "FAX"},
			400, invalid, "messageType",
		},
		{
			18, "no header", w.Public(), "POST", "/internal/visitors/tickets",
			harness.Map{"title": "x"},
			400, "",
			"x-visitor-id",
		},
		{
			18, "unknown visitor", w.System.Visitor(harness.Lookalike(w.Caller.Token)), "POST", "/internal/visitors/tickets",
			harness.Map{"title": "x"},
			401, "", "",
		},
		{
			18, "unknown visitor and no title", w.System.Visitor(harness.Lookalike(w.Caller.Token)), "POST",
			"/internal/visitors/tickets",
			harness.Map{},
			401, "", "",
		},
		{18, "no title", w.Caller.Client, "POST", "/internal/visitors/tickets", harness.Map{}, 400, invalid, "title"},
	}
	for _, email := range []string{
		"", "vera", "vera@", "@example.org", "vera example@example.org", "a@b@c",
		"vera@example.org\n",
	} {
		rows = append(rows, refusal{
			12, "email " + email, w.Writer(), "POST", "/tickets", titled("email", email), 400,
			invalid, "email",
		},
			refusal{14, "email " + email, w.Writer(), "PATCH", own, titled("email", email), 400, invalid, "email"})
	}
	for _, id := range []string{
		"abc", "0", "-1", "1.5", "1e3", "9007199254740993", "99999999999999999999", "0x1", "%20",
		w.Caller.Token,
	} {
		path := "/tickets/" + id
		rows = append(rows,
			refusal{13, "id " + id, w.Reader(), "GET", path, nil, 400, invalid, ""},
			refusal{14, "id " + id, w.Writer(), "PATCH", path, harness.Map{"title": "x"}, 400, invalid, ""},
			refusal{15, "id " + id, w.Writer(), "DELETE", path, nil, 400, invalid, ""},
			refusal{16, "id " + id, w.Writer(), "PATCH", path + "/status", harness.Map{"status": "OPEN"}, 400, invalid, ""},
			refusal{17, "id " + id, w.Writer(), "POST", path + "/messages", harness.Map{"content": "x"}, 400, invalid, ""})
	}
	return rows
}
