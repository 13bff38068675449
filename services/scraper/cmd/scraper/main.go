// Command scraper reads the bookmakers, stores what changed and serves the feed. Package scraper has the service itself.
package main

import "github.com/oddscache/oddscache/pkg/cmdline"

func main() {
	cli := newCLI()
	cmdline.Main(cli, "scraper",
		"Reads the odds of BetPawa and its competitors, keeps them in Postgres and streams every change to caches.", &cli.Log)
}
