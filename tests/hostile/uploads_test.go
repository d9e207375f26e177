package hostile_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"fivechat.dev/tests/harness"
)

// open sends the beginning of a request from an address, on its own connection.
func open(t *testing.T, address, request string, header ...string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(harness.Running().URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	head, body, _ := strings.Cut(request, "\n")
	text := head + " HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: " + address + "\r\n" + strings.Join(header, "\r\n") +
		"\r\n\r\n" + body
	if _, err := io.WriteString(conn, text); err != nil {
		t.Fatal(err)
	}
	return conn
}

// status reads the status of a connection's response.
func status(t *testing.T, conn net.Conn) int {
	t.Helper()
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Errorf("no response: %v", err)
		return 0
	}
	return resp.StatusCode
}

// TestImportsAreRefusedBeforeTheirBodies: a chunked body without a credential gets its response before it has arrived.
func TestImportsAreRefusedBeforeTheirBodies(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Free)
	chunk := fmt.Sprintf("%x\r\n%s\r\n", 64<<10, strings.Repeat("x", 64<<10))
	var all []net.Conn
	for i := range 60 {
		credential := map[bool]string{true: "X-None: 1", false: "Authorization: Bearer " + w.Secret(harness.Read)}[i%2 == 0]
		all = append(all, open(t, "198.51.100.71", "POST /conversations/import\n"+chunk, credential,
			"Transfer-Encoding: chunked"))
	}
	for i, conn := range all {
		if got, want := status(t, conn), 401+2*(i%2); got != want {
			t.Errorf("upload %d: status %d, want %d", i, got, want)
		}
	}
}

// TestIdleUploadsDoNotBlockImports: bodies that are announced and don't arrive don't occupy the places of others.
func TestIdleUploadsDoNotBlockImports(t *testing.T) {
	t.Parallel()
	s := harness.Running()
	hostile, other := at(s.Website(t, harness.Free), "198.51.100.72"), at(s.Website(t, harness.Pro), "198.51.100.73")
	v := hostile.Visit(t, nil)
	for range 40 {
		open(t, "198.51.100.72", "POST /visitor/conversations\n{", "x-visitor-id: "+v.Token, "x-visitor-secret: "+v.Secret,
			"Content-Type: application/json", "Content-Length: 70000")
	}
	var rows []harness.Map
	for i := range 40 { // more than 64 KiB
		rows = append(rows, harness.Row(fmt.Sprint("idle-", i), strings.Repeat("Hello ", 400), "Hi"))
	}
	for range 3 {
		other.Writer().Do(t, "POST", "/conversations/import", harness.Map{"rows": rows}).Want(t, 200)
	}
}

// TestSlowUploadsAreBoundedInBytes: one website that slowly uploads as much as it can is refused; others aren't.
func TestSlowUploadsAreBoundedInBytes(t *testing.T) {
	t.Parallel()
	s := harness.Running()
	hostile, other := at(s.Website(t, harness.Pro), "198.51.100.74"), at(s.Website(t, harness.Pro), "198.51.100.75")
	const most = 8 << 20
	body := harness.JSON(`{"rows":[],"padding":"` + strings.Repeat("x", 100<<10) + `"}`)
	// A website may have 16 MiB in flight. On a slow machine the first uploads reach their deadline before the last
	// arrive.
	every(t, time.Second, time.Minute, "the website is refused", func() (bool, any) {
		for range 3 {
			conn := open(t, "198.51.100.74", "POST /conversations/import\n",
				"Authorization: Bearer "+hostile.Secret(harness.Write), fmt.Sprintf("Content-Length: %d", most))
			go func() { _, _ = io.WriteString(conn, strings.Repeat(" ", most-1)) }() // it may be cut off
		}
		a := hostile.Writer().Do(t, "POST", "/conversations/import", body)
		return a.Status == 429 && a.Header.Get("Retry-After") != "", a.Status
	})
	hostile.Reader().Do(t, "GET", "/conversations", nil).Want(t, 200)
	other.Writer().Do(t, "POST", "/conversations/import", body).Want(t, 400) // it has an unknown member
}
