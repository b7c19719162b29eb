//go:build tools

// Package tools names the command that tests build from this pinned module; see test/harness/rest-server.ts.
package tools

import (
	_ "github.com/restic/rest-server/cmd/rest-server"
)
