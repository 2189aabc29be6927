// Command origin serves the catalogue of misbehavior on loopback, for trying
// any reader against it by hand:
//
//	go run ./internal/hostile/cmd/origin          # prints a URL for each row
//	curl -X POST http://127.0.0.1:PORT/stage/H03/heal   # PORT: see its last line
//
// Every row has an origin, and so a port, of its own: what a reader does to one
// host (a pause after 429) does not touch the other rows. A row serves its good
// document once and then misbehaves, until its stage is set.
package main

import (
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"newswire/internal/hostile"
)

func main() {
	rows := flag.String("rows", "", "serve only rows whose ID begins with this")
	listen := flag.String("listen", "127.0.0.1:0", "`address` of the control server")
	flag.Parse()
	if err := serve(*rows, *listen); err != nil {
		fmt.Fprintln(os.Stderr, "origin:", err)
		os.Exit(1)
	}
}

func serve(prefix, listen string) error {
	origins := map[string]*hostile.Origin{}
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "ROW\tCLASS\tNEXT\tURL\tABOUT")
	for _, row := range hostile.Rows() {
		if !strings.HasPrefix(row.ID, prefix) {
			continue
		}
		o, err := hostile.New()
		if err != nil {
			return err
		}
		defer o.Close()
		origins[row.ID] = o
		go misbehaveAfterFirst(o, row)
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", row.ID, row.Class, row.Next, o.URL(row.ID), row.About)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	l, err := net.Listen("tcp", listen)
	if err != nil {
		return err
	}
	fmt.Printf("\nPOST http://%s/stage/ROW/heal (or prime, misbehave), GET http://%[1]s/log/ROW\n", l.Addr())
	server := &http.Server{Handler: control(origins), ReadHeaderTimeout: 5 * time.Second}
	return server.Serve(l)
}

// misbehaveAfterFirst lets a row serve its good document once.
func misbehaveAfterFirst(o *hostile.Origin, row hostile.Row) {
	for !row.Fresh && len(o.Requests(row.ID)) == 0 {
		time.Sleep(100 * time.Millisecond)
	}
	time.Sleep(500 * time.Millisecond) // the first answer is on its way
	o.Set(row.ID, hostile.Misbehave)
}

// control sets the stage of a row, and shows what it was asked.
func control(origins map[string]*hostile.Origin) http.Handler {
	stages := map[string]hostile.Stage{"prime": hostile.Prime, "misbehave": hostile.Misbehave, "heal": hostile.Heal}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /stage/{rest...}", func(w http.ResponseWriter, r *http.Request) {
		i := strings.LastIndexByte(r.PathValue("rest"), '/')
		if i < 0 {
			http.Error(w, "POST /stage/ROW/STAGE", http.StatusBadRequest)
			return
		}
		id, name := r.PathValue("rest")[:i], r.PathValue("rest")[i+1:]
		stage, ok := stages[name]
		if origins[id] == nil || !ok {
			http.Error(w, "no such row or stage", http.StatusNotFound)
			return
		}
		origins[id].Set(id, stage)
	})
	mux.HandleFunc("GET /log/{rest...}", func(w http.ResponseWriter, r *http.Request) {
		o := origins[r.PathValue("rest")]
		if o == nil {
			http.Error(w, "no such row", http.StatusNotFound)
			return
		}
		for _, req := range o.Requests(r.PathValue("rest")) {
			fmt.Fprintf(w, "%s %s %s %q\n", req.At.Format(time.RFC3339Nano), req.Method, req.Target, req.Header)
		}
	})
	return mux
}
