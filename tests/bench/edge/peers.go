package main

import (
	"fmt"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"

	"fivechat.dev/libs/kernel/identity"
)

// widget holds the cached settings, and bodyOf1K the backend's response.
const widget = `{"id":7,"color":"#2563eb",` +
	`"buttonClass":"","chatClass":"","chatTitleClass":"","chatInputClass":"","buttonXPos":24,"buttonYPos":24,` +
	`"buttonBgColor":"#2563eb","buttonTextColor":"#ffffff","bubbleColor":"#eff6ff","bubbleTextColor":"#1e293b",` +
	`"websiteClientToken":"wgt_bench",` +
	`"chatFormFields":"[]","welcomeMessages":"[]","ratingEnabled":true,"removeBranding":false,"chatEnabled":true}`

var bodyOf1K = `{"data":"` + strings.Repeat("x", 1012) + `"}`

// serveBare runs the bare ReverseProxy, with its transport configured as a gateway's would be.
func serveBare(addr, backend string) error {
	to, err := url.Parse("http://" + backend)
	if err != nil {
		return err
	}
	p := &httputil.ReverseProxy{
		Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(to) },
		Transport: &http.Transport{MaxIdleConnsPerHost: 512, DisableCompression: true},
	}
	return http.ListenAndServe(addr, p)
}

// serveHandler runs the bare handler that writes the widget's settings.
func serveHandler(addr string) error {
	return http.ListenAndServe(addr, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { writeWidget(w) }))
}

func writeWidget(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", "public, max-age=1, stale-while-revalidate=60")
	w.Header().Set("Etag", `"1"`)
	w.Header().Set("Content-Length", fmt.Sprint(len(widget)))
	_, _ = w.Write([]byte(widget))
}

// serveServices simulates the services that the edge calls for tokens, websites and widgets.
func serveServices(addr string) error {
	mux := http.NewServeMux()
	say := func(pattern, body string) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json; charset=utf-8")
			_, _ = w.Write([]byte(body))
		})
	}
	say("GET /internal/tokens/{hash}", `{"websiteId":7,"tokenId":11,"level":"READ_WRITE","plan":"PRO","expiresAt":null}`)
	say("GET /internal/websites/{id}/limits",
		`{"websiteId":7,"plan":"PRO","quotas":{"read":{"requests":1000000,"seconds":1}}}`)
	mux.HandleFunc("GET /widgets/{token}", func(w http.ResponseWriter, _ *http.Request) { writeWidget(w) })
	return http.ListenAndServe(addr, mux)
}

// secret is an API token with a valid form and checksum.
var secret = identity.NewSecret()
