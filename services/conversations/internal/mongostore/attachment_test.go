package mongostore_test

import (
	"slices"
	"testing"

	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/services/conversations"
	"fivechat.dev/services/internal/storetest"
)

func TestNamedFilesAreThoseOfMessages(t *testing.T) {
	t.Parallel()
	s, w, other := open(t), storetest.Tenant(1), storetest.Tenant(2)
	c, elsewhere := conversation(t, s, w, 1, "hello"), conversation(t, s, other, 1, "hello")
	files := func(ids ...id.File) (all []conversations.Attachment) {
		for _, number := range ids {
			all = append(all, conversations.Attachment{ID: number, Name: "a.png"})
		}
		return all
	}
	for _, post := range []struct {
		in    conversations.Conversation
		files []conversations.Attachment
	}{{c, files(3, 4)}, {c, files(4)}, {elsewhere, files(5)}} {
		m := conversations.Message{Content: "a.png", Attachments: post.files}
		if _, _, err := s.Post(t.Context(), post.in.WebsiteID, post.in.Token, m, number); err != nil {
			t.Fatal(err)
		}
	}
	named, err := s.NamedFiles(t.Context(), w, []id.File{3, 4, 5, 6})
	if err != nil || !slices.Equal(named, []id.File{3, 4}) {
		t.Errorf("%v, %v", named, err)
	}
}
