package api

import (
	"net/url"
	"unicode/utf8"

	"github.com/lyoapp/lyo/api/rest"
	"github.com/lyoapp/lyo/models/courses"
)

// fillAddress accepts a well-formed address. Whether it may be fetched is checked by the worker when
// it fetches.
func fillAddress(source *courses.Source, address string, faults *rest.FieldFaults) {
	source.Kind, source.MediaType, source.URL = "web", "text/html", &address
	if utf8.RuneCountInString(address) > maxAddress {
		faults.Add("url", "must have at most 2000 characters")
		return
	}
	at, err := url.Parse(address)
	switch {
	case err != nil || at.Hostname() == "" || at.Opaque != "":
		faults.Add("url", "is not the address of a web page")
	case at.Scheme != "https":
		faults.Add("url", "must begin with https://")
	case at.User != nil:
		faults.Add("url", "must not hold a user name or a password")
	}
}
