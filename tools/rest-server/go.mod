module holdfast/tools/rest-server

go 1.26.0

require github.com/restic/rest-server v0.14.0
