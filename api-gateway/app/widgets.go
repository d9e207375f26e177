package app

import (
	"context"
	"net/http"
	"net/url"

	"github.com/valyala/fasthttp"

	"fivechat.dev/api-gateway/internal/proxy"
	"fivechat.dev/api-gateway/internal/responsecache"
	"fivechat.dev/api-gateway/internal/route"
	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/transport/httpkit"
)

// widgetType is the media type of widget settings. It doesn't depend on what the service or Redis states.
const widgetType = "application/json; charset=utf-8"

// askWidgets requests widget settings from the widgets service as the public principal, like a request that the gateway
// forwards.
func askWidgets(forward *proxy.Proxy) responsecache.Ask {
	return func(ctx context.Context, path string) (responsecache.Answer, error) {
		r := (&http.Request{
			Method: http.MethodGet,
			URL:    &url.URL{Path: path},
			Header: http.Header{},
			Body:   http.NoBody,
		}).WithContext(ctx)
		resp := fasthttp.AcquireResponse()
		defer fasthttp.ReleaseResponse(resp)
		var a responsecache.Answer
		caller := proxy.Caller{Principal: identity.Principal{Kind: identity.Public}}
		err := forward.Ask(r, route.Widgets, caller, resp, func() (err error) {
			a, err = settings(resp)
			return err
		})
		return a, err
	}
}

// settings copies a response of the widgets service.
func settings(resp *fasthttp.Response) (responsecache.Answer, error) {
	if resp.StatusCode() != http.StatusOK {
		return responsecache.Answer{}, httpkit.Refusal(
			resp.StatusCode(), string(resp.Header.Peek("Retry-After")), resp.Body(),
		)
	}
	a := responsecache.Answer{
		Tag:     string(resp.Header.Peek("Etag")),
		Caching: string(resp.Header.Peek("Cache-Control")),
		Body:    append([]byte(nil), resp.Body()...),
	}
	if a.Tag == "" {
		return a, fault.New(fault.Internal, "a response of the widgets service has no ETag")
	}
	return a, nil
}
