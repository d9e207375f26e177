package route

import (
	"fivechat.dev/libs/kernel/authz"
	"fivechat.dev/libs/transport/httpkit"
)

// The body caps. An import carries many conversations at once.
const (
	body       = httpkit.DefaultBody
	importBody = 8 << 20
)

// Public is the table of the public listener, a row for each operation.
var Public = []Route{
	{"GET", "/health", Self, authz.Public, NoVisitor, Configured, body, ClassHealth},
	{"GET", "/openapi.json", Self, authz.Public, NoVisitor, Configured, body, ClassPage},
	{"GET", "/docs", Self, authz.Public, NoVisitor, Configured, body, ClassPage},
	{"GET", "/docs/{file}", Self, authz.Public, NoVisitor, Configured, body, ClassPage},
	{"GET", "/console", Self, authz.Public, NoVisitor, Configured, body, ClassPage},
	{"GET", "/console/{file}", Self, authz.Public, NoVisitor, Configured, body, ClassPage},
	{"GET", "/demo", Self, authz.Public, NoVisitor, Configured, body, ClassPage},
	{"GET", "/demo/{file}", Self, authz.Public, NoVisitor, Configured, body, ClassPage},

	{"GET", "/conversations", Conversations, authz.Read, NoVisitor, Configured, body, ClassRead},
	{"POST", "/conversations/import", Conversations, authz.Write, NoVisitor, Configured, importBody, ClassImport},
	{"GET", "/conversations/counts", Conversations, authz.Read, NoVisitor, Configured, body, ClassRead},
	{"GET", "/conversations/{token}", Conversations, authz.Read, NoVisitor, Configured, body, ClassRead},
	{"PATCH", "/conversations/{token}", Conversations, authz.Write, NoVisitor, Configured, body, ClassWrite},
	{"GET", "/conversations/{token}/messages", Conversations, authz.Read, NoVisitor, Configured, body, ClassRead},
	{"POST", "/conversations/{token}/messages", Conversations, authz.Write, NoVisitor, Configured, body, ClassWrite},
	{"POST", "/conversations/{token}/typing", Conversations, authz.Write, NoVisitor, Configured, body, ClassWrite},
	{"POST", "/conversations/{token}/read", Conversations, authz.Write, NoVisitor, Configured, body, ClassWrite},
	{"POST", "/conversations/{token}/rate", Conversations, authz.Visitor, VisitorInput, Open, body, ClassVisitor},
	{"GET", "/tags", Conversations, authz.Read, NoVisitor, Configured, body, ClassRead},
	{"PUT", "/tags/{name}", Conversations, authz.Write, NoVisitor, Configured, body, ClassWrite},
	{"DELETE", "/tags/{name}", Conversations, authz.Write, NoVisitor, Configured, body, ClassWrite},

	{"POST", "/visitor/sessions", Visitors, authz.Public, NoVisitor, Open, body, ClassSession},
	{"POST", "/visitor/heartbeat", Visitors, authz.Visitor, VisitorProven, Open, body, ClassVisitor},
	{"POST", "/visitor/conversations", Conversations, authz.Visitor, VisitorProven, Open, body, ClassVisitor},
	{"GET", "/visitor/conversations/{token}/messages", Conversations, authz.Visitor, VisitorProven, Open, body, ClassVisitor},
	{"POST", "/visitor/conversations/{token}/messages", Conversations, authz.Visitor, VisitorProven, Open, body, ClassVisitor},
	{"POST", "/visitor/conversations/{token}/typing", Conversations, authz.Visitor, VisitorProven, Open, body, ClassVisitor},
	{"POST", "/visitor/conversations/{token}/read", Conversations, authz.Visitor, VisitorProven, Open, body, ClassVisitor},
	{"POST", "/visitor/conversations/{token}/close", Conversations, authz.Visitor, VisitorProven, Open, body, ClassVisitor},

	{"GET", "/events", Conversations, authz.Read, NoVisitor, Configured, body, ClassStream},
	{"GET", "/visitor/events", Conversations, authz.Visitor, VisitorProven, Open, body, ClassStream},

	{"GET", "/visitors", Visitors, authz.Read, NoVisitor, Configured, body, ClassRead},
	{"GET", "/visitors/{token}", Visitors, authz.Read, NoVisitor, Configured, body, ClassRead},
	{"PATCH", "/visitors/{token}/context", Visitors, authz.Write, NoVisitor, Configured, body, ClassWrite},

	{"GET", "/widgets/{clientToken}", Widgets, authz.Public, NoVisitor, Open, body, ClassSettings},
	{"PATCH", "/widgets/{clientToken}", Widgets, authz.Write, NoVisitor, Configured, body, ClassWrite},
	{"GET", "/widget/{clientToken}", Widgets, authz.Public, NoVisitor, Open, body, ClassPublic},
	{"GET", "/widget-words/{language}", Widgets, authz.Public, NoVisitor, Open, body, ClassPublic},

	{"GET", "/statistics/current", Statistics, authz.Read, NoVisitor, Configured, body, ClassRead},
	{"GET", "/statistics/history", Statistics, authz.Read, NoVisitor, Configured, body, ClassRead},
	{"GET", "/statistics/agents", Statistics, authz.Read, NoVisitor, Configured, body, ClassRead},
	{"GET", "/statistics/ratings", Statistics, authz.Read, NoVisitor, Configured, body, ClassRead},

	{"GET", "/tickets", Tickets, authz.ProRead, NoVisitor, Configured, body, ClassRead},
	{"POST", "/tickets", Tickets, authz.ProWrite, NoVisitor, Configured, body, ClassWrite},
	{"GET", "/tickets/{id}", Tickets, authz.ProRead, NoVisitor, Configured, body, ClassRead},
	{"PATCH", "/tickets/{id}", Tickets, authz.ProWrite, NoVisitor, Configured, body, ClassWrite},
	{"DELETE", "/tickets/{id}", Tickets, authz.ProWrite, NoVisitor, Configured, body, ClassWrite},
	{"PATCH", "/tickets/{id}/status", Tickets, authz.ProWrite, NoVisitor, Configured, body, ClassWrite},
	{"POST", "/tickets/{id}/messages", Tickets, authz.ProWrite, NoVisitor, Configured, body, ClassWrite},
	// The one path under /internal that the hosted API has in public. Every other belongs to the services.
	{"POST", "/internal/visitors/tickets", Tickets, authz.Visitor, VisitorCredential, Open, body, ClassVisitor},

	{"GET", "/export/conversations", Conversations, authz.Read, NoVisitor, Configured, body, ClassRead},
	{"GET", "/export/messages", Conversations, authz.Read, NoVisitor, Configured, body, ClassRead},
	{"GET", "/export/visitors", Visitors, authz.Read, NoVisitor, Configured, body, ClassRead},
	{"GET", "/export/tickets", Tickets, authz.ProRead, NoVisitor, Configured, body, ClassRead},

	{"GET", "/webhooks", Webhooks, authz.Read, NoVisitor, Configured, body, ClassRead},
	{"POST", "/webhooks", Webhooks, authz.ReadWrite, NoVisitor, Configured, body, ClassWrite},
	{"GET", "/webhooks/{id}", Webhooks, authz.Read, NoVisitor, Configured, body, ClassRead},
	{"PATCH", "/webhooks/{id}", Webhooks, authz.ReadWrite, NoVisitor, Configured, body, ClassWrite},
	{"DELETE", "/webhooks/{id}", Webhooks, authz.Write, NoVisitor, Configured, body, ClassWrite},
	{"POST", "/webhooks/{id}/secret", Webhooks, authz.ReadWrite, NoVisitor, Configured, body, ClassWrite},
	{"POST", "/webhooks/{id}/test", Webhooks, authz.ReadWrite, NoVisitor, Configured, body, ClassWrite},
	{"GET", "/webhooks/{id}/deliveries", Webhooks, authz.Read, NoVisitor, Configured, body, ClassRead},
	{"GET", "/webhooks/{id}/deliveries/{deliveryId}", Webhooks, authz.Read, NoVisitor, Configured, body, ClassRead},
	{"POST", "/webhooks/{id}/deliveries/{deliveryId}/redeliver", Webhooks, authz.ReadWrite, NoVisitor, Configured, body, ClassWrite},

	{"GET", "/website", Accounts, authz.Read, NoVisitor, Configured, body, ClassRead},
	{"GET", "/users", Accounts, authz.Read, NoVisitor, Configured, body, ClassRead},
	{"POST", "/users", Accounts, authz.Write, NoVisitor, Configured, body, ClassWrite},
	{"GET", "/users/{id}", Accounts, authz.Read, NoVisitor, Configured, body, ClassRead},
	{"PATCH", "/users/{id}", Accounts, authz.Write, NoVisitor, Configured, body, ClassWrite},
	{"POST", "/users/{id}/heartbeat", Accounts, authz.Write, NoVisitor, Configured, body, ClassWrite},
	{"DELETE", "/users/{id}", Accounts, authz.Write, NoVisitor, Configured, body, ClassWrite},
}

// Operator is the table of the operator's own listener. It shares no row with Public.
var Operator = []Route{
	{"GET", "/operator/websites", Accounts, authz.Operator, NoVisitor, Configured, body, ClassOperator},
	{"POST", "/operator/websites", Accounts, authz.Operator, NoVisitor, Configured, body, ClassOperator},
	{"GET", "/operator/websites/{websiteId}", Accounts, authz.Operator, NoVisitor, Configured, body, ClassOperator},
	{"PATCH", "/operator/websites/{websiteId}", Accounts, authz.Operator, NoVisitor, Configured, body, ClassOperator},
	{"DELETE", "/operator/websites/{websiteId}", Accounts, authz.Operator, NoVisitor, Configured, body, ClassOperator},
	{"GET", "/operator/websites/{websiteId}/export", Accounts, authz.Operator, NoVisitor, Configured, body, ClassExport},
	{"GET", "/operator/websites/{websiteId}/users", Accounts, authz.Operator, NoVisitor, Configured, body, ClassOperator},
	{"POST", "/operator/websites/{websiteId}/users", Accounts, authz.Operator, NoVisitor, Configured, body, ClassOperator},
	{"PATCH", "/operator/websites/{websiteId}/users/{id}", Accounts, authz.Operator, NoVisitor, Configured, body, ClassOperator},
	{"DELETE", "/operator/websites/{websiteId}/users/{id}", Accounts, authz.Operator, NoVisitor, Configured, body, ClassOperator},
	{"GET", "/operator/websites/{websiteId}/tokens", Accounts, authz.Operator, NoVisitor, Configured, body, ClassOperator},
	{"POST", "/operator/websites/{websiteId}/tokens", Accounts, authz.Operator, NoVisitor, Configured, body, ClassOperator},
	{"PATCH", "/operator/websites/{websiteId}/tokens/{id}", Accounts, authz.Operator, NoVisitor, Configured, body, ClassOperator},
	{"DELETE", "/operator/websites/{websiteId}/tokens/{id}", Accounts, authz.Operator, NoVisitor, Configured, body, ClassOperator},
	{"POST", "/operator/websites/{websiteId}/tokens/{id}/rotate", Accounts, authz.Operator, NoVisitor, Configured, body, ClassOperator},
	{"GET", "/operator/websites/{websiteId}/visitors/{token}/export", Accounts, authz.Operator, NoVisitor, Configured, body, ClassExport},
	{"DELETE", "/operator/websites/{websiteId}/visitors/{token}", Accounts, authz.Operator, NoVisitor, Configured, body, ClassOperator},
	{"POST", "/operator/websites/{websiteId}/statistics/recount", Accounts, authz.Operator, NoVisitor, Configured, body, ClassOperator},
	{"GET", "/operator/erasures/{id}", Accounts, authz.Operator, NoVisitor, Configured, body, ClassOperator},
	{"GET", "/operator/audit", Accounts, authz.Operator, NoVisitor, Configured, body, ClassOperator},
}
