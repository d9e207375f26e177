package app_test

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"fivechat.dev/libs/identity"
)

var documented = []string{"bubbleColor", "bubbleTextColor", "buttonBgColor", "buttonClass", "buttonTextColor", "buttonXPos", "buttonYPos", "chatClass",
	"chatEnabled", "chatFormFields", "chatInputClass", "chatTitleClass", "color", "id", "ratingEnabled", "removeBranding", "websiteClientToken", "welcomeMessages"}

func TestWidget(t *testing.T) {
	t.Parallel()
	r := start(t)
	made := r.ask(t, 200, sibling(t, 1), "POST", "/internal/widgets", `{"clientToken":"wgt_a"}`)
	if got := slices.Sorted(maps.Keys(made)); !slices.Equal(got, documented) {
		t.Errorf("members %v", got)
	}
	if again := r.ask(t, 200, sibling(t, 1), "POST", "/internal/widgets", `{"clientToken":"wgt_x"}`); !reflect.DeepEqual(again, made) {
		t.Errorf("a second one was made: %v", again)
	}
	if taken := r.ask(t, 409, sibling(t, 2), "POST", "/internal/widgets", `{"clientToken":"wgt_a"}`); taken["code"] != "client_token_taken" {
		t.Errorf("a taken token: %v", taken)
	}
	got := r.ask(t, 200, agent(t, 1, identity.Write), "PATCH", "/widgets/wgt_a", `{"color":"#123456","id":9,"unknown":{},"buttonXPos":2.5,"buttonClass":null}`)
	made["color"], made["buttonXPos"] = "#123456", 2.5
	if !reflect.DeepEqual(got, made) {
		t.Errorf("patched %v, want %v", got, made)
	}
	if got := r.ask(t, 200, public, "GET", "/widgets/wgt_a", ""); !reflect.DeepEqual(got, made) {
		t.Errorf("read %v, want %v", got, made)
	}
	if got := r.ask(t, 200, identity.Principal{Kind: identity.Service}, "GET", "/internal/widgets/wgt_a", ""); got["websiteId"] != 1.0 || !reflect.DeepEqual(got["widget"], made) {
		t.Errorf("resolved %v", got)
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	r := start(t)
	r.ask(t, 200, sibling(t, 1), "POST", "/internal/widgets", `{"clientToken":"wgt_a"}`)
	r.ask(t, 200, sibling(t, 2), "POST", "/internal/widgets", `{"clientToken":"wgt_b"}`)
	r.ask(t, 404, public, "GET", "/widgets/wgt_c", "")
	r.ask(t, 400, public, "GET", "/widgets/a%20b", "")
	r.ask(t, 403, agent(t, 1, identity.Read), "PATCH", "/widgets/wgt_a", `{}`)
	r.ask(t, 401, public, "PATCH", "/widgets/wgt_a", `{}`)
	r.ask(t, 401, agent(t, 1, identity.ReadWrite), "GET", "/internal/widgets/wgt_a", "")
	for body, field := range map[string]string{
		`{"color":"red"}`: "color", `{"color":5}`: "color", `{"websiteClientToken":"wgt_b"}`: "websiteClientToken", `{"chatEnabled":"yes"}`: "chatEnabled",
	} {
		refused := r.ask(t, 400, agent(t, 1, identity.Write), "PATCH", "/widgets/wgt_a", body)
		if errors := refused["errors"].([]any); errors[0].(map[string]any)["field"] != field {
			t.Errorf("%s: %v", body, refused)
		}
	}
	// Another website's widget is like none.
	for _, roles := range [][2]any{{int64(1), "wgt_b"}, {int64(2), "wgt_a"}} {
		stranger, token := agent(t, roles[0].(int64), identity.Write), roles[1].(string)
		_, theirs := r.send(t, 404, stranger, "PATCH", "/widgets/"+token, `{"color":"#000"}`)
		_, none := r.send(t, 404, stranger, "PATCH", "/widgets/wgt_z", `{"color":"#000"}`)
		if strings.ReplaceAll(theirs, token, "wgt_z") != none {
			t.Errorf("another's: %s\nnone: %s", theirs, none)
		}
	}
}

func TestScript(t *testing.T) {
	t.Parallel()
	r, writer := start(t), agent(t, 1, identity.Write)
	r.ask(t, 200, sibling(t, 1), "POST", "/internal/widgets", `{"clientToken":"wgt_a"}`)
	for _, path := range []string{"/widget/wgt_b", "/widget/a%20b", "/widget/" + strings.Repeat("a", 129)} {
		r.ask(t, 404, public, "GET", path, "")
	}
	header, script := r.send(t, 200, public, "GET", "/widget/wgt_a?ver=1.0.1", "")
	if got := header.Get("Content-Type"); got != "text/javascript; charset=utf-8" {
		t.Errorf("content type %q", got)
	}
	if strings.Contains(script, "SETTINGS") || !strings.Contains(script, `"websiteClientToken":"wgt_a"`) {
		t.Errorf("the settings are not in the script: %.300s", script)
	}
	r.ask(t, 200, writer, "PATCH", "/widgets/wgt_a", `{"chatEnabled":false}`)
	if _, script := r.send(t, 200, public, "GET", "/widget/wgt_a", ""); strings.Contains(script, "document") || strings.Contains(script, "wgt_a") {
		t.Errorf("a disabled chat's script does something: %s", script)
	}
}

// TestScriptHoldsHostileSettings reads back, from the script, settings that try to end the string, the script or the line.
func TestScriptHoldsHostileSettings(t *testing.T) {
	t.Parallel()
	r := start(t)
	r.ask(t, 200, sibling(t, 1), "POST", "/internal/widgets", `{"clientToken":"wgt_a"}`)
	hostile := "\"'`${x}\\</script><!--<script>\u2028\u2029 SETTINGS */ //\n"
	body, err := json.Marshal(map[string]string{"welcomeMessages": hostile, "chatFormFields": hostile})
	if err != nil {
		t.Fatal(err)
	}
	r.ask(t, 200, agent(t, 1, identity.Write), "PATCH", "/widgets/wgt_a", string(body))
	_, script := r.send(t, 200, public, "GET", "/widget/wgt_a", "")
	if strings.Contains(script, "</script") || strings.Contains(script, "<!--") || strings.ContainsAny(script, "\u2028\u2029") {
		t.Error("settings can end the script")
	}
	_, behind, found := strings.Cut(script, "run({")
	if !found {
		t.Fatal("the script has no settings")
	}
	var settings map[string]any
	if err := json.NewDecoder(strings.NewReader("{" + behind)).Decode(&settings); err != nil {
		t.Fatal(err)
	}
	if settings["welcomeMessages"] != hostile || settings["chatFormFields"] != hostile {
		t.Errorf("the script has %q", settings["welcomeMessages"])
	}
}
