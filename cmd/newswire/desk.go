package main

import (
	"net"
	"net/http"
)

func (w *wire) deskHandler(at net.Addr) (http.Handler, error) {
	mux := http.NewServeMux()
	mux.Handle("/metrics", w.figures.handler())
	return mux, nil
}
