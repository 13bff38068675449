package docs_test

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/reflect/protoreflect"

	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
)

// own is the package of the project's own services.
const own = "oddscache.v1."

// TestEveryRPCIsDescribed compares the headings of docs/api.md with what both servers say by reflection.
func TestEveryRPCIsDescribed(t *testing.T) {
	t.Parallel()
	p := running(t)
	served := append(p.rpcs(t, p.cache), p.rpcs(t, p.scraper)...)
	slices.Sort(served)
	served = slices.Compact(served)

	text := read(t, "docs/api.md")
	var described []string
	service := ""
	for line := range strings.Lines(text) {
		switch heading, title, _ := strings.Cut(strings.TrimSpace(line), " "); heading {
		case "##":
			service = title
		case "###":
			described = append(described, own+service+"/"+title)
		}
	}
	slices.Sort(described)
	var ours []string
	for _, rpc := range served {
		if strings.HasPrefix(rpc, own) {
			ours = append(ours, rpc)
			continue
		}
		service, method, _ := strings.Cut(rpc, "/") // gRPC's own services stand in a paragraph
		if strings.Contains(service, "v1alpha") {
			continue // the same under its former name
		}
		if !strings.Contains(text, "`"+service+"`") || !regexp.MustCompile(`\b`+method+`\b`).MatchString(text) {
			t.Errorf("docs/api.md does not name %s", rpc)
		}
	}
	if diff := cmp.Diff(ours, described); diff != "" {
		t.Errorf("rpcs (-served +described in docs/api.md):\n%s", diff)
	}
}

// TestEveryNamedRPCExists looks for rpcs in all Markdown files of the project.
func TestEveryNamedRPCExists(t *testing.T) {
	t.Parallel()
	services := make(map[string]protoreflect.ServiceDescriptor)
	for _, file := range files() {
		for i := range file.Services().Len() {
			services[string(file.Services().Get(i).FullName())] = file.Services().Get(i)
		}
	}
	named := regexp.MustCompile(`(oddscache\.v1\.\w+Service)(?:[/.](\w+))?`)
	pages, err := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, page := range append(pages, filepath.Join(root, "README.md")) {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range named.FindAllSubmatch(text, -1) {
			n++
			service := services[string(m[1])]
			if service == nil || len(m[2]) > 0 && service.Methods().ByName(protoreflect.Name(m[2])) == nil {
				t.Errorf("%s names %s, which does not exist", filepath.Base(page), m[0])
			}
		}
	}
	if n == 0 {
		t.Error("no rpc is named anywhere")
	}
}

// TestEveryRequestFieldIsDescribed looks for the fields of all requests in docs/api.md.
func TestEveryRequestFieldIsDescribed(t *testing.T) {
	t.Parallel()
	text := read(t, "docs/api.md")
	var lookIn func(m protoreflect.MessageDescriptor, path string)
	lookIn = func(m protoreflect.MessageDescriptor, path string) {
		for i := range m.Fields().Len() {
			f := m.Fields().Get(i)
			name := path + string(f.Name())
			if path == "" && f.Message() != nil && m.Name() == "StreamSnapshotsRequest" {
				lookIn(f.Message(), name+".")
				continue
			}
			if !strings.Contains(text, "`"+name+"`") {
				t.Errorf("docs/api.md does not describe %s of %s", name, m.Name())
			}
		}
	}
	for _, file := range files() {
		for i := range file.Services().Len() {
			for k := range file.Services().Get(i).Methods().Len() {
				lookIn(file.Services().Get(i).Methods().Get(k).Input(), "")
			}
		}
	}
}

// TestEveryLineRuns runs every shell block with grpcurl in it, as somebody who pastes it into a terminal does.
func TestEveryLineRuns(t *testing.T) {
	t.Parallel()
	p := running(t)
	for _, page := range []string{"README.md", "docs/api.md"} {
		blocks := shellBlocks(read(t, page))
		if len(blocks) == 0 {
			t.Errorf("%s has no grpcurl line", page)
		}
		for _, block := range blocks {
			out, err := p.shell(t, block)
			if strings.Contains(block, "-max-time") && bytes.Contains(out, []byte("DeadlineExceeded")) && bytes.Contains(out, []byte(`"synced"`)) {
				err = nil // a stream that never ends by itself
			}
			if err != nil || !bytes.ContainsAny(out, "{") && !strings.Contains(block, "describe") {
				t.Errorf("%s:\n%s\n%v\n%s", page, block, err, tail(out))
			}
		}
		t.Logf("%s: %d blocks", page, len(blocks))
	}
}

// shellBlocks are the fenced blocks with grpcurl in them.
func shellBlocks(text string) (blocks []string) {
	for _, m := range regexp.MustCompile("(?ms)^```sh\n(.*?)^```").FindAllStringSubmatch(text, -1) {
		if strings.Contains(m[1], "grpcurl ") {
			blocks = append(blocks, m[1])
		}
	}
	return blocks
}

func files() []protoreflect.FileDescriptor {
	return []protoreflect.FileDescriptor{
		oddscachev1.File_oddscache_v1_cache_service_proto, oddscachev1.File_oddscache_v1_scraper_service_proto,
		oddscachev1.File_oddscache_v1_history_service_proto, oddscachev1.File_oddscache_v1_feed_service_proto,
	}
}

// root is the project's folder.
var root = filepath.Join("..", "..")

func read(t *testing.T, page string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, page))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// tail is the end of an output.
func tail(out []byte) []byte { return out[max(0, len(out)-2000):] }
