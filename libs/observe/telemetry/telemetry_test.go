package telemetry_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	coltrace "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/protobuf/proto"

	"fivechat.dev/libs/observe/telemetry"
)

func TestSpansReachTheCollector(t *testing.T) {
	t.Parallel()
	got := make(chan *coltrace.ExportTraceServiceRequest, 1)
	collector := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		var req coltrace.ExportTraceServiceRequest
		if err := proto.Unmarshal(b, &req); err != nil || r.URL.Path != "/v1/traces" {
			t.Errorf("%s: %v", r.URL.Path, err)
		}
		got <- &req
	}))
	t.Cleanup(collector.Close)
	tele, err := telemetry.New(
		t.Context(),
		"widgets",
		telemetry.Config{OTLPEndpoint: collector.URL, SampleRatio: 1, LogTo: io.Discard},
	)
	if err != nil {
		t.Fatal(err)
	}
	_, span := tele.Tracer.Start(t.Context(), "GET /widgets/{clientToken}")
	span.End()
	if err := tele.Close(t.Context()); err != nil { // sends the queued spans
		t.Fatal(err)
	}
	req := <-got
	spans := req.GetResourceSpans()[0]
	if name := spans.GetResource().GetAttributes()[0].GetValue().GetStringValue(); name != "fivechat-widgets" {
		t.Errorf("service.name is %q", name)
	}
	if name := spans.GetScopeSpans()[0].GetSpans()[0].GetName(); name != "GET /widgets/{clientToken}" {
		t.Errorf("span %q", name)
	}
}

func TestComponentsInOneProcessAreIndependent(t *testing.T) {
	t.Parallel()
	var one, two bytes.Buffer
	a, err := telemetry.New(t.Context(), "a", telemetry.Config{LogTo: &one})
	if err != nil {
		t.Fatal(err)
	}
	b, err := telemetry.New(t.Context(), "b", telemetry.Config{LogTo: &two})
	if err != nil {
		t.Fatal(err)
	}
	a.Log.Info("hello")
	if one.Len() == 0 || two.Len() != 0 || a.Registry == b.Registry {
		t.Error("a component's metrics are in another's registry")
	}
	_, span := a.Tracer.Start(t.Context(), "x")
	if span.IsRecording() {
		t.Error("spans are recorded without a collector")
	}
}
