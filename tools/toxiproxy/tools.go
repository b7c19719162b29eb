//go:build tools

// Package tools names the commands that the fault tests build from this pinned module; see test/faults/stack/toxiproxy.ts.
package tools

import (
	_ "github.com/Shopify/toxiproxy/v2/cmd/server"
)
