package app_test

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/services/internal/apitest"
	"fivechat.dev/services/widgets/app"
)

// serve serves the whole service over a real store.
func serve(t *testing.T) *apitest.Service {
	t.Helper()
	unit, err := app.New(t.Context(), app.Config{Config: apitest.Config(t)})
	return apitest.Serve(t, unit, err)
}

var documented = []string{
	"awayMessages", "bubbleColor", "bubbleTextColor", "businessHours", "buttonBgColor", "buttonClass", "buttonTextColor",
	"buttonXPos", "buttonYPos",
	"chatClass",
	"chatEnabled", "chatFormFields", "chatInputClass", "chatTitleClass", "color", "id", "launcherIconUrl", "logoUrl",
	"notices", "pageParameters", "quietHours", "ratingEnabled", "removeBranding", "reopen", "theme", "websiteClientToken",
	"welcomeMessages",
}

func TestWidget(t *testing.T) {
	t.Parallel()
	s := serve(t)
	made := s.Want(200, apitest.Sibling(1), "POST", "/internal/widgets", `{"clientToken":"wgt_a"}`)
	if got := slices.Sorted(maps.Keys(made)); !slices.Equal(got, documented) {
		t.Errorf("members %v", got)
	}
	again := s.Want(200, apitest.Sibling(1), "POST", "/internal/widgets", `{"clientToken":"wgt_x"}`)
	if !reflect.DeepEqual(again, made) {
		t.Errorf("a second one was made: %v", again)
	}
	taken := s.Want(409, apitest.Sibling(2), "POST", "/internal/widgets", `{"clientToken":"wgt_a"}`)
	if taken["code"] != "client_token_taken" {
		t.Errorf("a taken token: %v", taken)
	}
	got := s.Want(
		200, apitest.Token(1, identity.Write), "PATCH", "/widgets/wgt_a",
		`{"color":"#123456","id":9,"unknown":{},"buttonXPos":2.5,"buttonClass":null}`,
	)
	made["color"], made["buttonXPos"] = "#123456", 2.5
	if !reflect.DeepEqual(got, made) {
		t.Errorf("patched %v, want %v", got, made)
	}
	if got := s.Want(200, apitest.Public, "GET", "/widgets/wgt_a", ""); !reflect.DeepEqual(got, made) {
		t.Errorf("read %v, want %v", got, made)
	}
	if got := s.Want(200, apitest.Sibling(0), "GET", "/internal/widgets/wgt_a", ""); got["websiteId"] != 1.0 ||
		!reflect.DeepEqual(got["widget"], made) {
		t.Errorf("resolved %v", got)
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.Want(200, apitest.Sibling(1), "POST", "/internal/widgets", `{"clientToken":"wgt_a"}`)
	s.Want(200, apitest.Sibling(2), "POST", "/internal/widgets", `{"clientToken":"wgt_b"}`)
	s.Want(404, apitest.Public, "GET", "/widgets/wgt_c", "")
	s.Want(400, apitest.Public, "GET", "/widgets/a%20b", "")
	s.Want(403, apitest.Token(1, identity.Read), "PATCH", "/widgets/wgt_a", `{}`)
	s.Want(401, apitest.Public, "PATCH", "/widgets/wgt_a", `{}`)
	s.Want(401, apitest.Token(1, identity.ReadWrite), "GET", "/internal/widgets/wgt_a", "")
	for body, field := range map[string]string{
		`{"color":"red"}`:                         "color",
		`{"color":5}`:                             "color",
		`{"websiteClientToken":"wgt_b"}`:          "websiteClientToken",
		`{"chatEnabled":"yes"}`:                   "chatEnabled",
		`{"quietHours":"22:00"}`:                  "quietHours",
		`{"quietHours":{"from":5,"to":"08:00"}}`:  "quietHours.from",
		`{"notices":"badge"}`:                     "notices",
		`{"logoUrl":"http://shop.example/a.png"}`: "logoUrl",
		`{"theme":"system"}`:                      "theme",
		`{"notices":["badge","bell"]}`:            "notices",
		`{"quietHours":{"from":"22:00"}}`:         "quietHours",
		`{"businessHours":{"timezone":"UTC"}}`:    "businessHours",
		`{"businessHours":{"days":"MON"}}`:        "businessHours.days",
		`{"reopen":"yes"}`:                        "reopen",
	} {
		refused := s.Want(400, apitest.Token(1, identity.Write), "PATCH", "/widgets/wgt_a", body)
		if errors := refused["errors"].([]any); errors[0].(map[string]any)["field"] != field {
			t.Errorf("%s: %v", body, refused)
		}
	}
	// Another website's widget looks like an unknown one.
	for _, roles := range [][2]any{{int64(1), "wgt_b"}, {int64(2), "wgt_a"}} {
		stranger, token := apitest.Token(roles[0].(int64), identity.Write), roles[1].(string)
		theirs := s.Do(stranger, "PATCH", "/widgets/"+token, `{"color":"#000"}`)
		none := s.Do(stranger, "PATCH", "/widgets/wgt_z", `{"color":"#000"}`)
		if theirs.Status != 404 || none.Status != 404 || strings.ReplaceAll(theirs.Body, token, "wgt_z") != none.Body {
			t.Errorf("another's: %+v\nnone: %+v", theirs, none)
		}
	}
}

func TestScript(t *testing.T) {
	t.Parallel()
	s, writer := serve(t), apitest.Token(1, identity.Write)
	s.Want(200, apitest.Sibling(1), "POST", "/internal/widgets", `{"clientToken":"wgt_a"}`)
	for _, path := range []string{"/widget/wgt_b", "/widget/a%20b", "/widget/" + strings.Repeat("a", 129)} {
		s.Want(404, apitest.Public, "GET", path, "")
	}
	script := s.Do(apitest.Public, "GET", "/widget/wgt_a?ver=1.0.1", "").Body
	if strings.Contains(script, "SETTINGS") || !strings.Contains(script, `"websiteClientToken":"wgt_a"`) {
		t.Errorf("the settings are not in the script: %.300s", script)
	}
	s.Want(200, writer, "PATCH", "/widgets/wgt_a", `{"chatEnabled":false}`)
	if off := s.Do(apitest.Public, "GET", "/widget/wgt_a", ""); off.Status != 200 ||
		strings.Contains(off.Body, "document") || strings.Contains(off.Body, "wgt_a") {
		t.Errorf("a disabled chat's script does something: %+v", off)
	}
}

// TestScriptHoldsHostileSettings: settings that try to end the string, the script or the line are read back unchanged.
func TestScriptHoldsHostileSettings(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.Want(200, apitest.Sibling(1), "POST", "/internal/widgets", `{"clientToken":"wgt_a"}`)
	hostile := "\"'`${x}\\</script><!--<script>\u2028\u2029 SETTINGS */ //\n"
	body, err := json.Marshal(map[string]string{"welcomeMessages": hostile, "chatFormFields": hostile})
	if err != nil {
		t.Fatal(err)
	}
	s.Want(200, apitest.Token(1, identity.Write), "PATCH", "/widgets/wgt_a", string(body))
	script := s.Do(apitest.Public, "GET", "/widget/wgt_a", "").Body
	if strings.Contains(script, "</script") || strings.Contains(script, "<!--") ||
		strings.ContainsAny(script, "\u2028\u2029") {
		t.Error("settings can end the script")
	}
	_, behind, found := strings.Cut(script, `({"id":`)
	if !found {
		t.Fatal("the script has no settings")
	}
	var settings map[string]any
	if err := json.NewDecoder(strings.NewReader(`{"id":` + behind)).Decode(&settings); err != nil {
		t.Fatal(err)
	}
	if settings["welcomeMessages"] != hostile || settings["chatFormFields"] != hostile {
		t.Errorf("the script has %q", settings["welcomeMessages"])
	}
}
