package cluster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// errNoMetric says that an admin port does not show a metric.
var errNoMetric = errors.New("no such metric")

// Metric reads one sample from an admin port, the sum over its labels that contain label.
func Metric(ctx context.Context, admin, name, label string) (float64, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+admin+"/metrics", http.NoBody)
	if err != nil {
		return 0, fmt.Errorf("requesting metrics: %w", err)
	}
	var client http.Client
	defer client.CloseIdleConnections()
	resp, err := client.Do(req)
	if err != nil {
		return 0, fmt.Errorf("requesting metrics: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, fmt.Errorf("reading metrics: %w", err)
	}
	sum, found := 0.0, false
	for line := range strings.Lines(string(body)) {
		sample, value, ok := strings.Cut(strings.TrimSpace(line), " ")
		if !ok || sample != name && !strings.HasPrefix(sample, name+"{") || !strings.Contains(sample, label) {
			continue
		}
		v, err := strconv.ParseFloat(value, 64)
		if err != nil {
			return 0, fmt.Errorf("reading %s: %w", line, err)
		}
		sum, found = sum+v, true
	}
	if !found {
		return 0, fmt.Errorf("%s at %s: %w", name, admin, errNoMetric)
	}
	return sum, nil
}
