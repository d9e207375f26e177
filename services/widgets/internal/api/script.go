package api

import (
	_ "embed"
	"fmt"
	"io"
	"net/http"
	"strings"

	"fivechat.dev/libs/authz"
	"fivechat.dev/libs/fault"
	"fivechat.dev/libs/httpkit"
	"fivechat.dev/libs/identity"
	"fivechat.dev/services/widgets"
)

// source is the widget script without its settings.
//
//go:embed widget.js
var source string

// inScript makes JSON safe wherever a script may stand: inline in a page, "<" could end it, and before ECMAScript 2019
// two of Unicode's line separators ended a string.
var inScript = strings.NewReplacer("<", `\u003c`, "\u2028", `\u2028`, "\u2029", `\u2029`)

// script answers the script tag of a site: the website's settings, then the widget. It is no request/response
// operation, so it stands beside the table. The check that a site's plugin makes reads only the status: exactly 404
// for an unknown or malformed token. A website whose chat is disabled gets a script that does nothing.
func script(s *widgets.Service) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := r.Context()
		err := authz.Public.Check(identity.From(ctx))
		var widget widgets.Widget
		if err == nil {
			widget, err = s.Public(ctx, r.PathValue("clientToken"))
		}
		var settings []byte
		if err == nil {
			settings, err = httpkit.Encode(viewOf(widget))
		}
		if err != nil {
			if fault.Is(err, fault.Invalid) {
				err = fault.Missing("widget")
			}
			httpkit.WriteProblem(w, r.URL.Path, httpkit.RequestID(ctx), err)
			return
		}
		if byBrowser(r.Header) {
			_ = s.Loaded(ctx, widget) // where it fails, the next load is noted
		}
		w.Header().Set("Content-Type", "text/javascript; charset=utf-8")
		w.Header().Set("Cache-Control", "public, max-age=60")
		if !widget.ChatEnabled {
			fmt.Fprintln(w, "/* The chat of this website is switched off. */")
			return
		}
		io.WriteString(w, strings.Replace(source, "SETTINGS", inScript.Replace(string(settings)), 1))
	})
}

// byBrowser says whether a page loads the script. A plugin that checks a token says nothing of the kind.
func byBrowser(h http.Header) bool {
	return h.Get("Sec-Fetch-Dest") == "script" || h.Get("Referer") != ""
}
