package mix

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"fivechat.dev/libs/client/api"
	"fivechat.dev/tests/harness"
)

// dialogue is a line of a file to import.
type dialogue struct {
	ID     string           `json:"id"`
	Topics []string         `json:"topics"`
	Turns  []api.ImportTurn `json:"turns"`
}

type dialogues []dialogue

// The bounds of reading a file.
const (
	maxDialogues = 20_000
	maxTexts     = 5_000
)

// read reads the dialogues of a file of JSON lines, gzipped or not. If file is "", it returns built-in ones.
func read(file string) (all dialogues, err error) {
	if file == "" {
		return ours(), nil
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	input := io.Reader(bufio.NewReader(f))
	if head, _ := input.(*bufio.Reader).Peek(2); bytes.Equal(head, []byte{0x1f, 0x8b}) {
		if input, err = gzip.NewReader(input); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
	}
	for lines := json.NewDecoder(input); len(all) < maxDialogues; {
		var d dialogue
		err := lines.Decode(&d)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("%s: line %d: %w", file, len(all)+1, err)
		}
		all = append(all, d)
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%s has no dialogues", file)
	}
	return all, nil
}

// ours returns built-in dialogues. Their number of turns, and of words in a turn, is typical.
func ours() (all dialogues) {
	asks := []string{
		"I am looking for a room for two nights, near the harbour if that can be had.",
		"Is the blue one still in stock?", "What would that cost, with breakfast?",
		"Could you send it to my office instead of my home address?", "Then please book the later train.",
		"Thank you, that is what I was looking for.",
	}
	answers := []string{
		"There are three. The first is in the old town, and quiet.",
		"It is. Shall I keep one for you until the weekend?", "That would be 84 euros a night, and 9 more for the parking.",
		"Of course. Which address would that be?", "The train leaves at 17:40 and arrives at 21:05. Is that right?",
		"You are welcome. Is there anything else?",
	}
	for i := range 36 {
		var turns []string
		for j := range 8 + i%13 {
			turns = append(turns, asks[(i+j)%len(asks)], answers[(i/6+j)%len(answers)])
		}
		row := harness.Dialogue(fmt.Sprint("ours/", i), turns...)
		all = append(all, dialogue{row.Key, *row.Topics, row.Turns})
	}
	return all
}

// write writes n dialogues as lines of JSON. It repeats them with new ids.
func (all dialogues) write(to io.Writer, n int) error {
	out := json.NewEncoder(to)
	for i := range n {
		d := all[i%len(all)]
		d.ID = fmt.Sprintf("%s#%d", d.ID, i/len(all))
		if err := out.Encode(d); err != nil {
			return err
		}
	}
	return nil
}

// texts are the messages, escaped for JSON strings.
func (all dialogues) texts() (texts []string) {
	for _, d := range all {
		for _, turn := range d.Turns {
			if texts = append(texts, quoted(turn.Text)); len(texts) == maxTexts {
				return texts
			}
		}
	}
	return texts
}
