// Command print prints the results of the simulation, or writes them into a page between the lines that mark them:
// print [-into PAGE]. The prices are those of the machines' provider.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"

	"fivechat.dev/tests/sim"
)

func main() {
	m := sim.Model{Assumptions: sim.Default()}
	into := flag.String("into", "", "page to write the tables into")
	flag.Float64Var(&m.CoreHour, "core", m.CoreHour, "price of a core for an hour")
	flag.Float64Var(&m.GiBHour, "gib", m.GiBHour, "price of a GiB of memory for an hour")
	flag.Float64Var(&m.Store, "store", m.Store, "CPU time of MongoDB, relative to the embedded store")
	flag.Float64Var(&m.P99, "p99", m.P99, "objective of the 99th percentile, in seconds")
	flag.Parse()
	if err := run(m, *into); err != nil {
		fmt.Fprintln(os.Stderr, "print:", err)
		os.Exit(1)
	}
}

func run(m sim.Model, into string) (err error) {
	if m.Figures, err = sim.Read(); err != nil {
		return err
	}
	if into == "" {
		m.Tables(os.Stdout)
		return nil
	}
	page, err := os.ReadFile(into)
	if err != nil {
		return err
	}
	var tables bytes.Buffer
	m.Tables(&tables)
	if page, err = sim.Put(page, tables.Bytes()); err != nil {
		return fmt.Errorf("%s: %w", into, err)
	}
	return os.WriteFile(into, page, 0o644)
}
