//go:build tools

// Package tools names the commands that Holdfast builds from this pinned module; see src/cli/up/programs-build.ts.
package tools

import (
	_ "go.temporal.io/server/cmd/server"
	_ "go.temporal.io/server/cmd/tools/sql"
)
