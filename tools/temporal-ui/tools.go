//go:build tools

// Package tools names the commands that Holdfast builds from this pinned module; see src/cli/up/programs-build.ts.
package tools

import (
	_ "github.com/temporalio/ui-server/v2/cmd/server"
)
