package api

import "github.com/lyoapp/lyo/api/rest"

func documentExamples() map[string]rest.Example { return nil }
