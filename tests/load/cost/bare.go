package main

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"

	"fivechat.dev/tests/load/mix"
)

// serve is the bare handler: it responds to paths that begin with an operation's name with the system's response. It
// prints its address.
func serve(file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var answers map[string]mix.Answer
	if err := json.Unmarshal(text, &answers); err != nil {
		return err
	}
	mux := http.NewServeMux()
	for name, a := range answers {
		mux.HandleFunc("/"+name+"/", func(w http.ResponseWriter, _ *http.Request) {
			for _, h := range a.Header {
				w.Header().Add(h[0], h[1])
			}
			w.WriteHeader(a.Status)
			_, _ = w.Write(a.Body) // a client that doesn't read it has its own error
		})
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println(l.Addr())
	return (&http.Server{Handler: mux, ReadHeaderTimeout: time.Minute}).Serve(l)
}
