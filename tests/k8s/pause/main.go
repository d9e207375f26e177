// Command pause is the first program of every pod of the cluster that the tests start. It holds the pod's namespaces
// until it gets a signal, and reaps orphaned processes.
package main

import (
	"os"
	"os/signal"
	"syscall"
)

func main() {
	said := make(chan os.Signal, 8)
	signal.Notify(said, syscall.SIGINT, syscall.SIGTERM, syscall.SIGCHLD)
	for s := range said {
		if s != syscall.SIGCHLD {
			return
		}
		for pid := 1; pid > 0; {
			var err error
			if pid, err = syscall.Wait4(-1, nil, syscall.WNOHANG, nil); err != nil {
				break
			}
		}
	}
}
