package harness

// The documented shapes: every property, and no other.
var (
	Health = Shape{"status": Exactly("ok"), "timestamp": Time}.Type()

	Conversation = Shape{
		"id": ID, "websiteId": ID, "token": Prefixed("conv_"), "rating": OrNull(Rating), "assigneeId": OrNull(ID),
		"visitorId":     ID,
		"visitorTyping": Bool, "userTyping": Bool, "createdAt": Time, "status": OneOf("OPEN", "CLOSED"),
		"firstMessageAt": OrNull(Time),
		"closedAt":       OrNull(Time), "summary": OrNull(Text), "tags": ListOf(Text),
	}.Type()

	Message = Shape{
		"id": ID, "conversationId": ID, "content": Text, "type": OneOf("TEXT", "SYSTEM"),
		"senderType": OneOf("VISITOR", "USER", "SYSTEM"),
		"userId":     OrNull(ID), "visitorId": OrNull(ID), "read": Bool, "readAt": OrNull(Time),
		"attachments": ListOf(Anything),
		"createdAt":   Time, "updatedAt": Time, "byProgram?": Exactly(true),
	}.Type()

	Visitor = Shape{
		"id": ID, "name": Text, "token": Prefixed("vis_"), "ip": Text, "context": Context, "websiteId": ID,
		"country": OrNull(Text),
		"city":    OrNull(Text), "online": Bool, "createdAt": Time, "updatedAt": Time,
		"identity":  OrNull(Shape{"userId": Text, "email": OrNull(Text), "name": OrNull(Text), "verified": Bool}.Type()),
		"blockedAt": OrNull(Time),
	}.Type()

	User = Shape{
		"id": ID, "name": Text, "email": Text, "theme": Text, "avatarUrl": OrNull(Text), "language": Text, "online": Bool,
		"status": OneOf("online", "away", "offline"), "createdAt": Time, "updatedAt": Time,
	}.Type()

	Thread = Shape{
		"conversation": Conversation, "messages": ListOf(Message), "visitor": Visitor, "users": ListOf(User),
	}.Type()

	TicketMessage = Shape{
		"id": TextID, "ticketId": TextID, "messageType": OneOf("EMAIL", "CHAT", "NOTE"), "content": Text,
		"emailMessageId": OrNull(Text),
		"senderEmail":    OrNull(Text), "isFromEmail": Bool, "createdAt": Time,
	}.Type()

	Ticket = Shape{
		"id": TextID, "websiteId": ID, "visitorId": OrNull(ID), "conversationId": OrNull(ID), "title": Text,
		"description": Text,
		"status":      OneOf("NEW", "OPEN", "PENDING", "RESOLVED", "CLOSED"),
		"priority":    OneOf("LOW", "MEDIUM", "HIGH", "URGENT"), "assigneeId": OrNull(ID), "email": OrNull(Text),
		"uniqueEmailAddress": Text,
		"languageCode":       Text, "summary": OrNull(Text), "createdAt": Time, "updatedAt": Time,
		"website":  Shape{"id": ID, "name": Text, "url": Text}.Type(),
		"visitor":  OrNull(Shape{"token": Prefixed("vis_"), "name": Text}.Type()),
		"assignee": OrNull(Shape{"id": ID, "name": Text, "email": Text}.Type()),
		"messages": ListOf(TicketMessage), "tags": ListOf(Text),
	}.Type()

	Widget = Shape{
		"id": ID, "color": Text, "buttonClass": Text, "chatClass": Text, "chatTitleClass": Text, "chatInputClass": Text,
		"buttonXPos": Number, "buttonYPos": Number, "buttonBgColor": Text, "buttonTextColor": Text, "bubbleColor": Text,
		"bubbleTextColor": Text, "websiteClientToken": Text, "chatFormFields": Text, "welcomeMessages": Text,
		"ratingEnabled":  Bool,
		"removeBranding": Bool, "chatEnabled": Bool, "pageParameters": ListOf(Text),
		"theme":   OneOf("light", "dark", "auto"),
		"logoUrl": Text, "launcherIconUrl": Text, "notices": ListOf(OneOf("badge", "title", "sound", "preview")),
		"quietHours":   OrNull(Shape{"from": Text, "to": Text}.Type()),
		"awayMessages": Text, "reopen": Bool,
		"businessHours": OrNull(Shape{
			"timezone": Text, "days": ListOf(Shape{"day": Text, "from": Text, "to": Text}.Type()),
		}.Type()),
	}.Type()

	Statistics = Shape{
		"totalConversations": Count, "activeConversations": Count, "totalMessages": Count, "totalVisitors": Count,
		"onlineVisitors": Count, "averageResponseTime": Number,
	}.Type()

	Problem = Shape{
		"type": Text, "title": Text, "status": ID, "detail": Text, "instance": Text, "code": Text, "statusCode": ID,
		"message": Text,
		"error":   Text, "errors": ListOf(Shape{"field": Text, "message": Text}.Type()), "requestId": Text,
	}.Type()

	Rating   = simple("a whole number from 1 to 5", func(v any) bool { n, ok := whole(v); return ok && n >= 1 && n <= 5 })
	Anything = simple("anything", func(any) bool { return true })
)

// Page is the envelope of a list that is read by page number.
func Page(row Type) Type {
	return Shape{
		"data": ListOf(row), "total": Count, "page": ID, "limit": ID, "totalPages": Count, "hasNextPage": Bool,
		"hasPrevPage": Bool,
		"nextCursor":  OrNull(Text),
	}.Type()
}

// CursorPage is the envelope of a list that is read by cursor. It has no total.
func CursorPage(row Type) Type {
	return Shape{
		"data": ListOf(row), "total": OrNull(Count), "page": OrNull(ID), "limit": ID, "totalPages": OrNull(Count),
		"hasNextPage": Bool,
		"hasPrevPage": Bool, "nextCursor": OrNull(Text),
	}.Type()
}

// CheckProblem fails the test unless a refusal's body is a complete problem that agrees with the response.
func (a Answer) CheckProblem() {
	a.t.Helper()
	where := a.Method + " " + a.Path
	if have := a.Header.Get("Content-Type"); have != "application/problem+json" {
		a.t.Errorf("%s: a refusal's Content-Type is %q: %.200q", where, have, a.Body)
		return
	}
	p := a.Object()
	Check(a.t, where+": problem", p, Problem)
	same := func(x, y string, a, b any) {
		if a != b {
			p.t.Errorf("%s: problem: %s is %v and %s is %v", where, x, a, y, b)
		}
	}
	same("status", "the HTTP status", p.Int("status"), int64(a.Status))
	same("statusCode", "status", p.Int("statusCode"), p.Int("status"))
	same("message", "detail", p.Text("message"), p.Text("detail"))
	same("error", "title", p.Text("error"), p.Text("title"))
	same("requestId", "X-Request-Id", p.Text("requestId"), a.Header.Get("X-Request-Id"))
	for _, name := range []string{"type", "title", "detail", "code", "requestId"} {
		if p.Text(name) == "" {
			a.t.Errorf("%s: problem: %s is empty", where, name)
		}
	}
	if a.Status == 401 && a.Header.Get("WWW-Authenticate") == "" {
		a.t.Errorf("%s: a 401 has no WWW-Authenticate", where)
	}
}
