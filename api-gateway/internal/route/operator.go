package route

import (
	"fivechat.dev/libs/kernel/authz"
	"fivechat.dev/libs/transport/httpkit"
)

// Operator is the table of the operator's own listener. It shares no row with Public, which is generated from the
// OpenAPI document (public.gen.go).
var Operator = []Route{
	operator("GET", "/operator/websites", ClassOperator),
	operator("POST", "/operator/websites", ClassOperator),
	operator("GET", "/operator/websites/{websiteId}", ClassOperator),
	operator("PATCH", "/operator/websites/{websiteId}", ClassOperator),
	operator("DELETE", "/operator/websites/{websiteId}", ClassOperator),
	operator("GET", "/operator/websites/{websiteId}/export", ClassExport),
	operator("GET", "/operator/websites/{websiteId}/users", ClassOperator),
	operator("POST", "/operator/websites/{websiteId}/users", ClassOperator),
	operator("PATCH", "/operator/websites/{websiteId}/users/{id}", ClassOperator),
	operator("DELETE", "/operator/websites/{websiteId}/users/{id}", ClassOperator),
	operator("GET", "/operator/websites/{websiteId}/tokens", ClassOperator),
	operator("POST", "/operator/websites/{websiteId}/tokens", ClassOperator),
	operator("PATCH", "/operator/websites/{websiteId}/tokens/{id}", ClassOperator),
	operator("DELETE", "/operator/websites/{websiteId}/tokens/{id}", ClassOperator),
	operator("POST", "/operator/websites/{websiteId}/tokens/{id}/rotate", ClassOperator),
	operator("GET", "/operator/websites/{websiteId}/identity-secrets", ClassOperator),
	operator("POST", "/operator/websites/{websiteId}/identity-secrets", ClassOperator),
	operator("DELETE", "/operator/websites/{websiteId}/identity-secrets/{id}", ClassOperator),
	operator("GET", "/operator/websites/{websiteId}/visitors/{token}/export", ClassExport),
	operator("DELETE", "/operator/websites/{websiteId}/visitors/{token}", ClassOperator),
	operator("POST", "/operator/websites/{websiteId}/statistics/recount", ClassOperator),
	operator("GET", "/operator/erasures/{id}", ClassOperator),
	operator("GET", "/operator/audit", ClassOperator),
	operator("GET", "/operator/people", ClassOperator),
	operator("POST", "/operator/people", ClassOperator),
	operator("PATCH", "/operator/people/{id}", ClassOperator),
	operator("POST", "/operator/people/{id}/resets", ClassOperator),
	operator("POST", "/operator/invitations", ClassOperator),
	operatorAt(Conversations, "GET", "/operator/search/conversations"),
	operatorAt(Conversations, "POST", "/operator/search/conversations/reindex"),
	operatorAt(Tickets, "GET", "/operator/search/tickets"),
	operatorAt(Tickets, "POST", "/operator/search/tickets/reindex"),
	operatorAt(Visitors, "GET", "/operator/search/visitors"),
	operatorAt(Visitors, "POST", "/operator/search/visitors/reindex"),
}

// operatorAt returns a row of the operator's listener for another service than accounts.
func operatorAt(upstream Upstream, method, pattern string) Route {
	r := operator(method, pattern, ClassOperator)
	r.Upstream = upstream
	return r
}

// operator returns a row of the operator's listener.
func operator(method, pattern string, class Class) Route {
	return Route{
		Method:   method,
		Pattern:  pattern,
		Upstream: Accounts,
		Rule:     authz.Operator,
		CORS:     Configured,
		Body:     httpkit.DefaultBody,
		Class:    class,
	}
}
