// Command cache follows the scraper's feed and answers lookups. Package cache has the service itself.
package main

import "github.com/oddscache/oddscache/pkg/cmdline"

func main() {
	var cli cli
	cmdline.Main(&cli, "cache", "Holds the newest odds of every upcoming event in memory and answers lookups.", &cli.Log)
}
