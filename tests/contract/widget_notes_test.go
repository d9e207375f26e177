package contract_test

import (
	"strings"
	"testing"
	"time"

	"fivechat.dev/tests/harness"
)

// takesEffect is the contract's bound for a widget's change at every edge.
const takesEffect = time.Second

// TestWidgetUpdate (note 9): each field alone, the others stay, and the edge shows the change within a second.
func TestWidgetUpdate(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Free)
	path := "/widgets/" + w.ClientToken
	before := w.Public().Get(t, path)
	harness.Check(t, "widget", before, harness.Widget)
	if before.Text("websiteClientToken") != w.ClientToken {
		t.Errorf("websiteClientToken is not the one in the path: %s", before)
	}
	for name, v := range map[string]any{
		"color": "#abc", "buttonClass": "one two", "chatClass": "chat", "chatTitleClass": "title", "chatInputClass": "input",
		"buttonXPos": 12.5,
		"buttonYPos": -3, "buttonBgColor": "#abcd", "buttonTextColor": "#aabbcc", "bubbleColor": "#aabbccdd",
		"bubbleTextColor": "#ABCDEF",
		"chatFormFields":  `[{"name":"email"}]`, "welcomeMessages": `["Hello","Grüß dich 🐸"]`,
		"ratingEnabled":  !before.Bool("ratingEnabled"),
		"removeBranding": !before.Bool("removeBranding"), "chatEnabled": !before.Bool("chatEnabled"),
		"websiteClientToken": w.ClientToken,
	} {
		changed := w.Writer().Send(t, 200, "PATCH", path, harness.Map{name: v})
		want := harness.NewObject(t, map[string]any{})
		for k, old := range before.M {
			want.M[k] = old
		}
		want.M[name] = v
		if changed.String() != want.String() {
			t.Errorf("%s: have %s, want %s", name, changed, want)
		}
		harness.Eventually(t, takesEffect, name+" at the edge", func() (bool, any) {
			now := w.Public().Get(t, path)
			return now.String() == changed.String(), now
		})
		before = changed
	}
	ignored := w.Writer().Send(t, 200, "PATCH", path, harness.Map{"id": 424242, "bogus": 1})
	if ignored.String() != before.String() {
		t.Errorf("id or an unknown member took effect: %s", ignored)
	}
	if same := w.Writer().Send(t, 200, "PATCH", path, harness.Map{}); same.String() != before.String() {
		t.Errorf("an empty update changed something: %s", same)
	}
}

// TestWidgetScript (note 19): the responses for the plugin and the tag manager.
func TestWidgetScript(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Free)
	path := "/widget/" + w.ClientToken
	plugin := w.Public().With("User-Agent", "5chat-wordpress/1.0.1")
	script := plugin.Do(t, "GET", path+"?ver=1.0.1", nil).Want(t, 200)
	media := script.Header.Get("Content-Type")
	if !strings.HasPrefix(media, "text/javascript") && !strings.HasPrefix(media, "application/javascript") {
		t.Errorf("Content-Type is %q", media)
	}
	if !strings.Contains(string(script.Body), w.ClientToken) {
		t.Errorf("the script does not contain its token: %.300s", script.Body)
	}
	if plain := w.Public().Do(t, "GET", path, nil).Want(t, 200); string(plain.Body) != string(script.Body) {
		t.Errorf("the query changes the script")
	}
	w.Bearer("garbage").Do(t, "GET", path, nil).Want(t, 200)
	for _, token := range []string{
		harness.Unique("wgt_"), "no.token", "no%20token", "%00", "%ff",
		strings.Repeat("a", 129), "..%2fx", "a%2fb", "<script>",
	} {
		plugin.Do(t, "GET", "/widget/"+token+"?ver=1.0.1", nil).Want(t, 404)
	}
	w.Writer().Send(t, 200, "PATCH", "/widgets/"+w.ClientToken, harness.Map{"chatEnabled": false})
	harness.Eventually(t, takesEffect, "the script of a disabled chat does nothing", func() (bool, any) {
		a := plugin.Do(t, "GET", path, nil).Want(t, 200)
		return !strings.Contains(string(a.Body), w.ClientToken) && len(a.Body) < len(script.Body), string(a.Body)
	})
}

// TestScriptKeepsItsQuotes: no setting can break out of its string in the script.
func TestScriptKeepsItsQuotes(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Free)
	nasty := `</script><script>alert(1)</script>` + "\u2028'\"`${x}" + `SETTINGS`
	w.Writer().Send(t, 200, "PATCH", "/widgets/"+w.ClientToken, harness.Map{"welcomeMessages": nasty})
	harness.Eventually(t, takesEffect, "the new welcome message", func() (bool, any) {
		a := w.Public().Do(t, "GET", "/widget/"+w.ClientToken, nil).Want(t, 200)
		if strings.Contains(string(a.Body), "</script><script>") {
			t.Errorf("the script contains a setting's markup unescaped")
		}
		return strings.Contains(string(a.Body), "alert(1)"), len(a.Body)
	})
}

// TestManyVisitsFromOneUserAgent (note 19): requests are never limited per User-Agent.
func TestManyVisitsFromOneUserAgent(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Free)
	plugin := w.Public().With("User-Agent", "5chat-wordpress/1.0.1")
	for range 300 {
		plugin.Do(t, "GET", "/widget/"+w.ClientToken+"?ver=1.0.1", nil).Want(t, 200)
	}
}
